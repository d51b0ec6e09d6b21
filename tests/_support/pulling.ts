/** Sources that are pulled, made of iterables, and the other way round. */
import { END, PullIterator, type End, type PullSource } from "#internal/content/pull-iterator";
import { Decoder, type DecodeLimits } from "#internal/wire/decode/decode";

/** The items of an iterable. */
export function pulled<T>(source: AsyncIterable<T>): PullSource<T> {
  const iterator = source[Symbol.asyncIterator]();
  return {
    pull: async (): Promise<T | End> => {
      const step = await iterator.next();
      return step.done === true ? END : step.value;
    },
    close: () => void iterator.return?.(),
  };
}

/** What a source gives. */
export function iterated<T>(source: PullSource<T>): AsyncGenerator<T, void> {
  return new PullIterator(source);
}

/** The decoded pieces of a body. */
export function decodedPieces(
  source: AsyncIterable<Buffer>,
  codings: readonly string[],
  limits: DecodeLimits,
): AsyncGenerator<Buffer, void> {
  const bytes = pulled(source);
  const decoder = new Decoder(
    {
      pull: async () => {
        const piece = await bytes.pull();
        return piece === END ? null : piece;
      },
    },
    codings,
    limits,
  );
  return iterated({
    pull: async () => (await decoder.pull()) ?? END,
    close: () => {
      decoder.close();
      bytes.close();
    },
  });
}
