/** Values on the command line. */
import { InvalidArgumentError } from "commander";

export function finite(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("It is not a number.");
  return value;
}

export function port(text: string): number {
  const value = finite(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new InvalidArgumentError("A port is an integer from 0 to 65535.");
  }
  return value;
}

export function seconds(text: string): number {
  const value = finite(text);
  if (value < 0.1 || value > 3600) throw new InvalidArgumentError("It is not from 0.1 to 3600 seconds.");
  return value;
}

export function taskId(text: string): number {
  const value = finite(text.replace(/^#/, ""));
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("The id of a task is a positive integer.");
  return value;
}
