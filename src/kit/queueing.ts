/** The arithmetic of waiting lines that a person does by hand. */

/** Probability that an arrival must wait in M/M/c, offered load `a` in servers (Erlang 1917); 1 when overloaded. */
export function erlangC(servers: number, a: number): number {
  if (a >= servers) return 1;
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = (a * blocked) / (k + a * blocked);
  return blocked / (1 - (a / servers) * (1 - blocked));
}

/**
 * Mean wait in seconds of G/G/c with arrival rate per second, mean service time in seconds, and squared coefficients of variation of
 * inter-arrival and service times (Allen and Cunneen 1990; exact for M/M/c and M/G/1). Infinity when overloaded.
 */
export function waitingTime(rate: number, service: number, servers: number, arrivalScv: number, serviceScv: number): number {
  const a = rate * service;
  if (a >= servers) return Infinity;
  if (a === 0) return 0;
  return (((arrivalScv + serviceScv) / 2) * erlangC(servers, a) * service) / (servers - a);
}
