/** Folders of measurements for tests of the accuracy command. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The columns of measurements. */
export const header = 'id,source,year,model,precision,kv_precision,gpu,n_gpus,tp,pp,ep,replicas,engine,version,isl,isl_dist,osl,osl_dist,load_kind,load_value,tput_total_tok_s,tput_out_tok_s,req_s,ttft_mean_ms,ttft_p50_ms,ttft_p99_ms,tpot_mean_ms,tpot_p50_ms,tpot_p99_ms,e2e_mean_ms,e2e_p50_ms,e2e_p99_ms,slo_ttft_ms,slo_tpot_ms,max_batch,max_num_tokens,regime,tier,notes';

/** One line of measurements, in the order of the header. */
export function line(values: Readonly<Record<string, string>>): string {
  const usual: Readonly<Record<string, string>> = { source: '"a, b"', year: '2026', model: 'Llama-3.1-8B', precision: 'fp8', gpu: 'H100-SXM-80', n_gpus: '1', tp: '1', pp: '1', ep: '1', engine: 'vllm', version: '0.12.0', isl: '1000', osl: '100', load_kind: 'concurrency', load_value: '4', tpot_p50_ms: '9', ttft_p50_ms: '40', tier: 'A' };
  return header.split(',').map((name) => values[name] ?? usual[name] ?? '').join(',');
}

/** A folder with those lines of measurements, files of JSON, and files of text by their paths. */
export function folderWith(lines: readonly string[], json: Readonly<Record<string, unknown>> = {}, texts: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'accuracy-'));
  const files = { 'measured.csv': [header, ...lines].join('\n'), ...Object.fromEntries(Object.entries(json).map(([name, value]) => [name, JSON.stringify(value)])), ...texts };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
