import { parseArgs } from 'node:util';
import { type FieldError, ServiceError } from '../src/errors.ts';
import { fieldErrorsOf } from '../src/model/field-errors.ts';
import { nearestName } from '../src/model/nearest-name.ts';
import { isWebhookSecret, WEBHOOK_SECRET_FORM } from '../src/model/webhook-secret.ts';
import { type FaultRuleInput, faultRuleSchema } from './fault-rules.ts';
import type { ReceiverOptions } from './receiver.ts';

/** What a command line asks for. */
export interface ReceiverCommand {
  readonly host: string;
  readonly port: number;
  readonly receiver: ReceiverOptions;
  /** Print nothing but the address and errors. */
  readonly isQuiet: boolean;
  /** Print JSON, one object per line, but for the address. */
  readonly isJson: boolean;
}

const FAULTS = faultRuleSchema.options.map(({ shape }) => shape.fault.value);
const NOT_A_MEMBER = 'is not a member of this fault';

/** How the command is used. */
export const USAGE = `usage: mock-receiver [options]

Takes chunks at POST /callback as docs/protocol.md has it, and keeps them.

  --port <n>        the port to listen on, 0: any free one (9000)
  --host <address>  the address to listen on (127.0.0.1)
  --state <file>    the SQLite file that keeps what was received (memory)
  --secret <whsec>  refuse what is not signed with this secret
  --fault <rule>    inflict a fault, such as status,status=503,chunk=2,times=3; may be repeated;
                    the rules are described in docs/mock-receiver.md
  --seed <n>        decides the chance of faults with a probability (1)
  --legacy          behave as the receiver of the original Python service
  --quiet           print nothing but the address
  --json            print one JSON object per request and verdict
  --help            print this

GET /report tells what arrived, GET /records/<ingestion_id> gives it back.
`;

/** Reads a command line; null where help is asked for. Throws COMMAND_INVALID for what cannot be meant, a TypeError for a flag that there is not. */
export function parseCommandLine(args: readonly string[]): ReceiverCommand | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '9000' },
      host: { type: 'string', default: '127.0.0.1' },
      state: { type: 'string' },
      secret: { type: 'string' },
      fault: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string', default: '1' },
      legacy: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (values.secret !== undefined && !isWebhookSecret(values.secret)) {
    throw commandInvalid(`--secret must be ${WEBHOOK_SECRET_FORM}`);
  }
  return {
    host: values.host,
    port: parseWholeNumber('--port', values.port, 65_535),
    receiver: {
      ...(values.state === undefined ? {} : { statePath: values.state }),
      ...(values.secret === undefined ? {} : { secret: values.secret }),
      faults: values.fault.map(parseFault),
      seed: parseWholeNumber('--seed', values.seed, Number.MAX_SAFE_INTEGER),
      isLegacy: values.legacy,
    },
    isQuiet: values.quiet,
    isJson: values.json,
  };
}

function parseWholeNumber(flag: string, text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw commandInvalid(`${flag} must be a whole number up to ${max}`);
  return value;
}

/** `name,key=value,…` as a rule. */
function parseFault(text: string): FaultRuleInput {
  const [fault = '', ...members] = text.split(',');
  const known = faultRuleSchema.options.find(({ shape }) => shape.fault.value === fault);
  if (known === undefined) throw commandInvalid(`--fault: there is no ${fault}${meantText(fault, FAULTS)}`);
  const rule: Record<string, unknown> = { fault };
  for (const member of members) {
    const [key = '', ...value] = member.split('=');
    rule[key] = parseScalar(value.join('='));
  }
  const parsed = faultRuleSchema.safeParse(rule);
  if (parsed.success) return rule as FaultRuleInput;
  const fields = fieldErrorsOf(parsed.error.issues, NOT_A_MEMBER).map(({ field, message }) => ({
    field,
    message: message === NOT_A_MEMBER ? `${message}${meantText(field, Object.keys(known.shape))}` : message,
  }));
  throw commandInvalid(`--fault: ${text} is no rule`, fields);
}

/** What is appended to a name that is none, where another is near. */
function meantText(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
}

function commandInvalid(problem: string, fields?: readonly FieldError[]): ServiceError {
  return new ServiceError('COMMAND_INVALID', { detail: `${problem}.`, ...(fields === undefined ? {} : { fields }) });
}

function parseScalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
