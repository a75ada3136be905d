/**
 * The platform's streams as channels of numbers: bounded, with back-pressure, used as their manuals say. A
 * sender awaits what `send` gives, if anything.
 */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import {
  CountQueuingStrategy,
  type ReadableStreamDefaultReader,
  TransformStream,
  type WritableStreamDefaultWriter,
} from "node:stream/web";

export interface Pipe {
  send(value: number): Promise<unknown> | undefined;
  recv(): Promise<number>;
}

/** Node's, in object mode. Whoever is told that the buffer is full waits until it was drained. */
export class NodePipe implements Pipe {
  readonly #stream: PassThrough;
  readonly #values: AsyncIterator<number>;

  constructor(capacity: number) {
    this.#stream = new PassThrough({ objectMode: true, highWaterMark: capacity });
    this.#values = this.#stream[Symbol.asyncIterator]() as AsyncIterator<number>;
  }
  send(value: number): Promise<unknown> | undefined {
    return this.#stream.write(value) ? undefined : once(this.#stream, "drain");
  }
  async recv(): Promise<number> {
    return (await this.#values.next()).value as number;
  }
}

/** The web's. */
export class WebPipe implements Pipe {
  readonly #writer: WritableStreamDefaultWriter<number>;
  readonly #reader: ReadableStreamDefaultReader<number>;

  constructor(capacity: number) {
    const strategy = new CountQueuingStrategy({ highWaterMark: capacity });
    const { readable, writable } = new TransformStream<number, number>(undefined, strategy, strategy);
    this.#writer = writable.getWriter();
    this.#reader = readable.getReader();
  }
  send(value: number): Promise<unknown> {
    void this.#writer.write(value);
    return this.#writer.ready;
  }
  async recv(): Promise<number> {
    return (await this.#reader.read()).value as number;
  }
}
