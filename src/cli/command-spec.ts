/** What may follow a command's name on the command line: from this one description come parsing, help, completion and the types that commands are given. */
export interface CommandSpec {
  /** One line for the overview. */
  readonly summary: string;
  /** What it does, for its help. */
  readonly description: string;
  /** Positionals, all of which must be there, in order. */
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly ExampleSpec[];
  /** Its exit codes, in words. */
  readonly exits: Readonly<Record<number, string>>;
}

interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[];
}

/** An option. */
export interface OptionSpec {
  /** As commander has them: `--flag`, `--no-flag`, `--name <value>`, `--name <n>` for a whole number, or `--name <value...>` for one that may be repeated. */
  readonly flags: string;
  readonly description: string;
  /** The values it takes, in any case. */
  readonly choices?: readonly string[];
  readonly isRequired?: boolean;
  /** The field of the request that it fills, such as `format.sheet`: errors name that. */
  readonly field?: string;
}

interface ExampleSpec {
  readonly line: string;
  readonly about: string;
}

/** What a command is given: its arguments by their names and its options in camel case. */
export type ValuesOf<Spec extends CommandSpec> = {
  readonly [Argument in Spec['arguments'][number] as Argument['name']]: ChoiceOf<Argument, string>;
} & {
  readonly [Option in Extract<Spec['options'][number], Required> as NameOf<Option['flags']>]: ValueOf<Option>;
} & {
  readonly [Option in Exclude<Spec['options'][number], Required> as NameOf<Option['flags']>]?: ValueOf<Option>;
};

interface Required {
  readonly isRequired: true;
}

type NameOf<Flags extends string> = CamelCase<
  Flags extends `--${infer Name} <${string}`
    ? Name
    : Flags extends `--no-${infer Name}`
      ? Name
      : Flags extends `--${infer Name}`
        ? Name
        : never
>;

type CamelCase<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Text;

type ValueOf<Option extends OptionSpec> = Option['flags'] extends `${string}<n>`
  ? number
  : Option['flags'] extends `${string}...>`
    ? readonly ChoiceOf<Option, string>[]
    : Option['flags'] extends `${string}>`
      ? ChoiceOf<Option, string>
      : boolean;

type ChoiceOf<Spec, Default> = Spec extends { readonly choices: readonly (infer Choice)[] } ? Choice : Default;
