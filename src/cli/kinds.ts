/** `kinds`: every component there is, with its parameters, as text, JSON or the README's table. */
import { kinds } from '../kinds/index.ts';
import { linkParams } from '../kinds/link.ts';
import type { AnyKind, Measure } from '../kit/kind.ts';
import type { Param, Params } from '../kit/param.ts';
import { format } from '../units/format.ts';
import { BadUsage } from './failure.ts';
import { readWords } from './words.ts';

/** Runs the command and answers the text for standard output. */
export function kindsCommand(args: readonly string[]): string {
  const words = readWords(args, { json: { type: 'boolean' }, markdown: { type: 'boolean' } });
  if (words.rest.length > 0) throw new BadUsage('kinds takes no FILE.');
  if (words.flag('json')) return JSON.stringify({ kinds: kinds.map(asData), wire: paramsData(linkParams) }, null, 2);
  if (words.flag('markdown')) return kindsTable(kinds);
  return [...kinds.map(asText), `wire: the connection between two components\n${paramsText(linkParams)}`].join('\n\n');
}

/** The README's table of components. */
export function kindsTable(list: readonly AnyKind[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = list.map((kind) => {
    const params = Object.values(kind.params as Params).map((param) => param.label).join(', ');
    return `| **${cell(kind.label)}** | ${kind.group} | ${cell(kind.about)} | ${cell(params)} |`;
  });
  return ['| Component | Group | What it models | What can be set |', '|---|---|---|---|', ...rows].join('\n');
}

function asData(kind: AnyKind): unknown {
  const measures = Object.entries(kind.measures as Readonly<Record<string, Measure>>);
  return {
    id: kind.id,
    label: kind.label,
    group: kind.group,
    doc: kind.doc,
    about: kind.about,
    in: kind.ports.in,
    out: kind.ports.out,
    params: paramsData(kind.params as Params),
    measures: Object.fromEntries(measures.map(([name, { label, unit, help }]) => [name, { label, unit, help }])),
  };
}

function paramsData(params: Params): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).map(([name, param]) => [name, paramData(param)]));
}

/** A declaration as plain data; the page's rule for hiding a field is no data. */
function paramData({ shownWhen: _, ...param }: Param): unknown {
  return param.type === 'table' ? { ...param, columns: paramsData(param.columns as Params) } : param;
}

function asText(kind: AnyKind): string {
  return `${kind.id}: ${kind.label}, ${kind.doc}\n${paramsText(kind.params as Params)}`;
}

function paramsText(params: Params, indent = '  '): string {
  const width = Math.max(...Object.keys(params).map((name) => name.length));
  return Object.entries(params)
    .map(([name, param]) => `${indent}${name.padEnd(width)}  ${param.label}: ${range(param)}${columns(param, indent)}`)
    .join('\n');
}

function columns(param: Param, indent: string): string {
  return param.type === 'table' ? `\n${paramsText(param.columns as Params, `${indent}  `)}` : '';
}

/** What a parameter accepts and what it is without a word from the designer. */
function range(param: Param): string {
  switch (param.type) {
    case 'number': return `${format(param.min, param.unit)} to ${format(param.max, param.unit)}${param.integer ? ', whole' : ''}; default ${format(param.default, param.unit)}`;
    case 'distribution': {
      const { shape, mean, cv } = param.default;
      return `mean ${format(param.min, param.unit)} to ${format(param.max, param.unit)}; default ${shape}, mean ${format(mean, param.unit)}, cv ${cv}`;
    }
    case 'choice': return `${param.options.map((option) => option.value).join(' | ')}; default ${param.default}`;
    case 'toggle': return `true | false; default ${param.default}`;
    case 'text': return `text of at most ${param.maxLength} characters; default “${param.default}”`;
    case 'trace': return 'name of a loaded trace; default none';
    case 'table': return `at most ${param.maxRows} rows of`;
  }
}
