/** The icons of the component kinds, by lucide's own names, and the coloured tile they sit on. */
import {
  Activity, Archive, BookOpen, Bot, Box, Boxes, Braces, Brain, Cable, Clock, Cloud, Combine, Cpu, Database, DollarSign, Filter, Flag, FlaskConical,
  Gauge, GitBranch, GitFork, Globe, Grid2x2, HardDrive, HardHat, Hourglass, Inbox, Key, Layers, ListOrdered, MemoryStick, Network, Package, Play, Radio, ReceiptText, RefreshCw,
  RotateCw, Route, Rows3, Search, Server, ServerCog, Shield, ShieldCheck, Shuffle, Split, Table, TextSearch, Timer, Users, Waves, Waypoints, Wrench, Workflow, Zap,
} from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import type { Group } from '../kit/kind.ts';
import styles from './icons.module.css';

const table: Readonly<Record<string, LucideIcon>> = {
  activity: Activity, archive: Archive, 'book-open': BookOpen, bot: Bot, box: Box, boxes: Boxes, braces: Braces, brain: Brain, cable: Cable,
  clock: Clock, cloud: Cloud, combine: Combine, cpu: Cpu, database: Database, 'dollar-sign': DollarSign, filter: Filter, flag: Flag,
  'flask-conical': FlaskConical, gauge: Gauge, 'git-branch': GitBranch, 'git-fork': GitFork, globe: Globe, 'grid-2x2': Grid2x2,
  'hard-drive': HardDrive, 'hard-hat': HardHat, hourglass: Hourglass, inbox: Inbox, key: Key, layers: Layers, 'list-ordered': ListOrdered, 'memory-stick': MemoryStick,
  network: Network, package: Package, play: Play, radio: Radio, 'receipt-text': ReceiptText, 'refresh-cw': RefreshCw, 'rotate-cw': RotateCw, route: Route, 'rows-3': Rows3, search: Search,
  server: Server, 'server-cog': ServerCog, shield: Shield, 'shield-check': ShieldCheck, shuffle: Shuffle, split: Split, table: Table, 'text-search': TextSearch, timer: Timer,
  users: Users, waves: Waves, waypoints: Waypoints, wrench: Wrench, workflow: Workflow, zap: Zap,
};

/** The colour of a palette category, as a CSS value. */
export const groupColour = (group: Group): string => `var(--${group.toLowerCase()})`;

/** A kind's icon on a tile in its category's colour. An unknown name shows a plain box, none the tile alone. */
export function IconTile({ icon, group, large = false }: { icon: string | null; group: Group; large?: boolean }) {
  const Icon = icon === null ? null : (table[icon] ?? Box);
  return (
    <span className={styles['tile']} data-group={group} data-large={large || undefined} aria-hidden="true">
      {Icon && <Icon size={large ? 18 : 15} strokeWidth={1.9} />}
    </span>
  );
}
