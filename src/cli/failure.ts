/** How a command ends when it cannot do what was asked: one sentence, and an exit code. */

/** Something given is wrong (exit code 1: a bad design, an unreadable file). */
export class BadInput extends Error {
  readonly exitCode: number = 1;
}

/** The command itself was written wrongly (exit code 2). */
export class BadUsage extends BadInput {
  override readonly exitCode = 2;
}
