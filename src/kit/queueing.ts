/** The arithmetic of waiting lines that a person does by hand. */

/** Probability that an arrival must wait in M/M/c, offered load `a` in servers (Erlang 1917); 1 when overloaded. */
export function erlangC(servers: number, a: number): number {
  if (a >= servers) return 1;
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = (a * blocked) / (k + a * blocked);
  return blocked / (1 - (a / servers) * (1 - blocked));
}

/** Chance that some of so many servers are busy, of which `a` are on average, in M/M/c (Erlang 1917); of no end of them 1 − e⁻ᵃ. 1 when overloaded. */
export function busyChance(a: number, servers: number): number {
  if (a >= servers) return 1;
  let term = 1;
  let sum = 1;
  for (let k = 1; k < servers && term > 1e-12 * sum; k++) sum += term *= a / k;
  return 1 - 1 / (sum + (term * a) / (servers - a));
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
