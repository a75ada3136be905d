/**
 * Structured clone into bytes, and back. The platform's own differs from it where bytes are concerned: what it
 * gives back are views of the bytes that it was given, which are the pool's and hold other things later; and
 * shared memory that a view shows it copies. (Bun has no more than `serialize` and `deserialize`, and gives back
 * bytes that are their own.)
 */
import { v8, type Deserializer, type Serializer } from "./backend.ts";

const OWN_CLASSES: boolean = v8 !== undefined && !("Bun" in globalThis);

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

const makeSerializer: () => Serializer = OWN_CLASSES ? serializers() : unavailable;
const makeDeserializer: (bytes: Uint8Array) => Deserializer = OWN_CLASSES ? deserializers() : unavailable;

/** @throws DataCloneError for what cannot be cloned, or what only a message can carry. */
export function serialize(value: unknown): Uint8Array {
  if (!OWN_CLASSES) return v8!.serialize(value);
  const serializer = makeSerializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}
export function deserialize(bytes: Uint8Array): unknown {
  if (!OWN_CLASSES) return v8!.deserialize(bytes);
  const deserializer = makeDeserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

function serializers(): () => Serializer {
  class Cloning extends v8!.DefaultSerializer {
    override _writeHostObject(view: ArrayBufferView): void {
      if (ArrayBuffer.isView(view) && !(view.buffer instanceof ArrayBuffer))
        throw this._getDataCloneError("shared memory cannot be cloned into bytes");
      super._writeHostObject(view);
    }
    /** What V8 throws. A field, as it is in Deno's own class. */
    readonly _getDataCloneError = (message: string): DOMException =>
      new DOMException(message, "DataCloneError");
  }
  return () => new Cloning();
}

function deserializers(): (bytes: Uint8Array) => Deserializer {
  class Cloned extends v8!.DefaultDeserializer {
    override _readHostObject(): ArrayBufferView {
      const view = super._readHostObject();
      const copy = new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      // A `Buffer` as well: structured clone gives this one for it.
      return view instanceof Uint8Array ? copy : new (view.constructor as ViewClass)(copy.buffer);
    }
  }
  return (bytes) => new Cloned(bytes);
}

function unavailable(): never {
  throw new TypeError("this platform clones into bytes by itself");
}
