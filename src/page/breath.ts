/** Lets the browser draw and answer before more is done: one long wait becomes two short ones. */
export const breath = (): Promise<void> => new Promise((go) => setTimeout(go));
