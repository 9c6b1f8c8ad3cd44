/** Rows of one table that a transaction removes at most: others wait for it, and a bad record may have 64 KiB. */
export const ROWS_IN_A_PIECE = 500;

/** What came of one piece of a work. */
export interface Piece {
  /** Nothing is left to be done. */
  readonly isLast: boolean;
}

/** Carries out a work that is too much for one transaction in pieces, each one of its own: others commit in between. Gives what came of the last; throws what a piece throws. */
export async function inPieces<Done extends Piece>(carryOut: () => Done): Promise<Done> {
  for (;;) {
    const piece = carryOut();
    if (piece.isLast) return piece;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
