import { it } from 'vitest';
import { existsSync, readFileSync } from 'node:fs';
import { StepTime } from '../src/kinds/gpu-pool/physics.ts';
import { gpuOf } from '../src/kinds/gpu-pool/catalogue-gpus.ts';
import { modelOf } from '../src/kinds/gpu-pool/catalogue-models.ts';
import { Rig } from './gpu-pool-rig.ts';
import { parseTrace } from '../src/design/trace.ts';
it('q', () => {
  const s = (m: any, g: any, p: any, tp: number) => new StepTime({ model: modelOf(m), gpu: gpuOf(g), precision: p, kvBytes: 2, tp });
  const p = (name: string, st: StepTime) => console.log(name, (st.decoding(1, 1000)*1e3).toFixed(2), (st.decoding(64, 1000)*1e3).toFixed(2), 'prefill1000', (st.prompting(1000)*1e3).toFixed(2));
  p('70b fp8 tp4 h100', s('llama-3.1-70b','h100','fp8',4));
  p('8b bf16 h100', s('llama-3.1-8b','h100','bf16',1));
  p('dsv3 fp8 tp8 h200', s('deepseek-v3','h200','fp8',8));
  p('mixtral fp8 tp2 h100', s('mixtral-8x7b','h100','fp8',2));
  p('gpt-oss fp4 h100', s('gpt-oss-120b','h100','fp4',1));
  const st = s('llama-3.1-70b','h100','fp8',4);
  let t0 = performance.now(); let x = 0;
  for (let i=0;i<1e6;i++){ st.begin(i&255, i); st.chunk(512, i&1023, true); x += st.seconds(); }
  console.log('ns per step', (performance.now()-t0), x);
  // replay 8b
  const rows = readFileSync('../shared/truth/replay/RTXPRO6000_Llama-3.1-8B.csv','utf8').trim().split('\n').slice(1).map(l=>l.split(',').map(Number));
  for (const col of [1,2]) {
  const o = rows.slice().sort((a,b)=>a[col]!-b[col]!);
  const rig = new Rig({arrival:o.map(r=>r[col]!), input:o.map(r=>r[3]!), output:o.map(r=>r[4]!)}, {gpuType:'rtx-pro-6000', sequenceLimit:128, iterationTokens:2048}).run();
  const m = (f:(i:number)=>number)=>o.reduce((a,_,i)=>a+f(i),0)/o.length*1e3;
  const q=(f:(i:number)=>number,p:number)=>o.map((_,i)=>f(i)*1e3).sort((a,b)=>a-b)[Math.floor(p*(o.length-1))]!;
  const qt=(c:number,p:number)=>o.map(r=>r[c]!).sort((a,b)=>a-b)[Math.floor(p*(o.length-1))]!;
  const mt=(c:number)=>o.reduce((a,r)=>a+r[c]!,0)/o.length;
  for (const [n,f,c] of [['ttft',(i:number)=>rig.ttft(i),6],['tpot',(i:number)=>rig.tpot(i),7],['e2e',(i:number)=>rig.e2e(i),8]] as const)
    console.log(n, 'mean', (100*(m(f)/mt(c)-1)).toFixed(2)+'%', ...[.5,.9,.99].map(p=>'p'+p+' '+(100*(q(f,p)/qt(c,p)-1)).toFixed(2)+'%'), m(f).toFixed(1), mt(c).toFixed(1));
  }
  const t = parseTrace('azure', readFileSync('../shared/truth/traces/AzureLLMInferenceTrace_conv.csv','utf8'));
  if (t.ok) { const a = performance.now(); const rig = new Rig(t.trace, {languageModel:'llama-3.1-70b', gpuType:'h100', tensorParallel:'4', weightPrecision:'fp8', poolReplicas:2}).run(); const ms=performance.now()-a;
   console.log('azure', ms.toFixed(0),'ms', rig.net.events, 'events', t.trace.arrival.length, 'util', rig.pool.busyArea(rig.net.now)/rig.pool.serverArea(rig.net.now), rig.measure('batch'), rig.measure('firstToken'), rig.pool.latency.mean()); }
});
