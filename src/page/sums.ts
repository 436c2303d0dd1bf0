/** Sums by hand that stand in files of their own. The built page keeps them apart from the components (see `vite.config.ts`); importing this file puts them in their places. */
import { byHand } from '../kinds/gpu-pool/by-hand.ts';
import { gpuPool } from '../kinds/gpu-pool/gpu-pool.ts';

Object.assign(gpuPool, { estimate: byHand });
