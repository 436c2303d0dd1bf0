/** `npm run accuracy`: the door to the command. */
import { answered } from './command.ts';

const { code, out, err } = answered(process.argv.slice(2), (line) => process.stderr.write(`${line}\n`));
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = code;
