/** Work handed out to hands that each do one thing at a time. */

/**
 * Does tasks 0 … count − 1 on these hands, in order as hands come free; the answers stand in the order of the tasks, whoever did which. After the first failure
 * nothing more is handed out, and the promise rejects with it. `onDone` hears how many are done.
 */
export async function dispatch<T>(count: number, hands: readonly ((task: number) => Promise<T>)[], onDone: (done: number) => void = () => {}): Promise<T[]> {
  const answers: T[] = new Array<T>(count);
  let [next, done, failed] = [0, 0, false];
  const work = async (hand: (task: number) => Promise<T>): Promise<void> => {
    while (next < count && !failed) {
      const task = next++;
      try {
        answers[task] = await hand(task);
      } catch (error) {
        failed = true;
        throw error;
      }
      onDone(++done);
    }
  };
  await Promise.all(hands.map(work));
  return answers;
}
