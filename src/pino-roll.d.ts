/** The part of pino-roll that is used; it ships no types. */
declare module 'pino-roll' {
  import type { EventEmitter } from 'node:events';

  interface RollingFile extends EventEmitter {
    write(line: string): boolean;
    end(): void;
    destroy(): void;
  }

  export default function pinoRoll(options: {
    /** A number and the extension are put behind the name: `x.log` becomes `x.1.log`. */
    readonly file: string;
    /** `5m`: 5 MiB. */
    readonly size: string;
    /** With `removeOtherLogFiles`, files of earlier processes count too. */
    readonly limit: { readonly count: number; readonly removeOtherLogFiles: boolean };
    /** Of each file, less what the process's umask takes. */
    readonly mode: number;
    readonly sync: boolean;
    /** Bytes that wait to be written at most; what comes on top is dropped. */
    readonly maxLength: number;
  }): Promise<RollingFile>;
}
