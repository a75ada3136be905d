/** The tests put their cases in the place of this file. */
export {};
