import { ServiceError } from '../errors.ts';

/** The value of an option that must be a JSON object. Throws COMMAND_INVALID. */
export function jsonObject(flag: string, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw commandInvalid(`${flag} must be a JSON object`, cause);
  }
  return objectNamed(flag, value);
}

/** A value that must be an object, by the name that a person knows it by. Throws COMMAND_INVALID. */
export function objectNamed(name: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw commandInvalid(`${name} must be a JSON object`);
}

/** An error for a command line that cannot be meant. */
export function commandInvalid(problem: string, cause?: unknown): ServiceError {
  return new ServiceError('COMMAND_INVALID', { detail: `${problem}.`, ...(cause === undefined ? {} : { cause }) });
}
