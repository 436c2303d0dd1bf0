/** One thing that can be held against a measurement under given constants: a case, a replay, a kernel. */
import type { Generation } from '../../src/kinds/gpu-pool/catalogue-gpus.ts';
import type { Constants, SoftwareId } from '../../src/kinds/gpu-pool/constants.ts';
import type { Case, Figure } from './cases.ts';
import { simulated } from './runs.ts';

/** One comparison: the logarithm of simulated over measured, and how much it counts. */
export interface Residual {
  readonly error: number;
  readonly weight: number;
}

/** A measurement with its constants' address. */
export interface Trial {
  /** Left out where kernels alone are timed. */
  readonly software?: SoftwareId;
  readonly generation: Generation;
  residuals(constants: Constants): readonly Residual[];
}

/** How much a figure of a case counts; 0 leaves it out. */
export type Weight = (c: Case, figure: Figure) => number;

/** A case as a trial. */
export function trialOf(c: Case, weight: Weight): Trial {
  const figures = (Object.keys(c.measured) as Figure[]).filter((figure) => weight(c, figure) > 0);
  return {
    software: c.software,
    generation: c.setup.gpu.generation,
    residuals: (constants) => {
      const got = simulated(c, constants);
      return figures.map((figure) => {
        const error = Math.log(got[figure] / c.measured[figure]!);
        // A case that does not fit into memory as described tells nothing of speed.
        return { error: Number.isFinite(error) ? error : 0, weight: weight(c, figure) };
      });
    },
  };
}
