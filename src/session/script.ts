/** The scripts that run beside the page, and the leave to start them under a policy that lets nothing else be started. */
import simulationUrl from '../../workers/simulation.worker.ts?worker&url';
import tidyUrl from '../../workers/tidy.worker.ts?worker&url';

/** Where the simulation's script lies, and that which lays out a board. */
export { simulationUrl, tidyUrl };

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): ScriptPolicy;
}

let policy: ScriptPolicy | undefined;

/** A policy can be made once per page; it knows these addresses and vouches for them alone. */
function trusted(url: string): string {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (!factory) return url;
  policy ??= factory.createPolicy('sim-worker', {
    createScriptURL(asked) {
      if (asked !== simulationUrl && asked !== tidyUrl) throw new TypeError('Only the simulation and the layout may be started.');
      return asked;
    },
  });
  // The worker's constructor takes a trusted URL where it is typed to take text.
  return policy.createScriptURL(url) as string;
}

/** Starts a worker from one of these scripts. */
export function startScript(url: string, name: string): Worker {
  return new Worker(trusted(url), { type: 'module', name });
}
