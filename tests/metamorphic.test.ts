/**
 * What must hold whatever a person draws: the books balance at every moment, Little's law holds at every node, and changes that should change nothing change
 * nothing. Random designs over all kinds there are, with extreme parameters.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Design, DesignLink, DesignNode } from '../src/design/design.ts';
import { catalogue } from '../src/design/catalogue.ts';
import type { Budget } from '../src/engine/network.ts';
import { kinds } from '../src/kinds/index.ts';
import type { AnyKind } from '../src/kit/kind.ts';
import type { Params } from '../src/kit/param.ts';
import { Simulation } from '../src/run/simulation.ts';
import { valueOf } from './design-arbitrary.ts';
import { constant, exponential, imbalances, node, path, people, ran, sketch, station, tuned, wire } from './sketch.ts';
