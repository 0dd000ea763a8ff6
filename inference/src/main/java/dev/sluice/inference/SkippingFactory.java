package dev.sluice.inference;

import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.io.IOContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.UTF8StreamJsonParser;

/**
 * Makes JSON parsers for UTF-8 that skip unread strings, such as prompts, 32 bytes at a time.
 * Jackson's own parser looks at each byte, and would spend most of the scan of a 200 KB body in
 * strings. The content of a string is checked as strictly as by Jackson. The factory is
 * thread-safe; each parser is for one thread.
 */
final class SkippingFactory extends JsonFactory {
  private static final long serialVersionUID = 1;

  SkippingFactory(StreamReadConstraints constraints) {
    super(JsonFactory.builder().streamReadConstraints(constraints));
  }

  @Override
  protected JsonParser _createParser(ObjectReadContext reading, IOContext io, InputStream in) {
    return new Parser(this, reading, io, in, io.allocReadIOBuffer(), 0, 0);
  }

  @Override
  protected JsonParser _createParser(
      ObjectReadContext reading, IOContext io, byte[] bytes, int offset, int length) {
    return new Parser(this, reading, io, null, bytes, offset, offset + length);
  }

  private static final class Parser extends UTF8StreamJsonParser {
    private static final VarHandle LONGS =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EACH = 0x0101_0101_0101_0101L;
    private static final long TOP_BITS = 0x8080_8080_8080_8080L;
    private static final long SPACES = ' ' * EACH;
    private static final long QUOTES = '"' * EACH;
    private static final long BACKSLASHES = '\\' * EACH;

    Parser(
        SkippingFactory factory,
        ObjectReadContext reading,
        IOContext io,
        @Nullable InputStream in,
        byte[] bytes,
        int from,
        int to) {
      super(
          reading,
          io,
          reading.getStreamReadFeatures(factory._streamReadFeatures),
          reading.getFormatReadFeatures(factory._formatReadFeatures),
          in,
          factory._byteSymbolCanonicalizer.makeChild(factory._factoryFeatures),
          bytes,
          from,
          to,
          0,
          in != null);
    }

    @Override
    protected void _skipString() {
      while (true) {
        if (_inputPtr >= _inputEnd) {
          _loadMoreGuaranteed();
        }
        _inputPtr = endOfPlain(_inputBuffer, _inputPtr, _inputEnd);
        if (_inputPtr >= _inputEnd) {
          continue;
        }
        var next = _inputBuffer[_inputPtr];
        if (next == '\\') {
          _inputPtr++;
          _decodeEscaped();
        } else {
          super._skipString(); // the closing quote, or a byte that needs a closer look
          return;
        }
      }
    }

    /** The index of the first byte that is not plain, or {@code to} if all are. */
    private static int endOfPlain(byte[] bytes, int from, int to) {
      var at = from;
      while (at + 4 * Long.BYTES <= to
          && (marks(bytes, at)
                  | marks(bytes, at + Long.BYTES)
                  | marks(bytes, at + 2 * Long.BYTES)
                  | marks(bytes, at + 3 * Long.BYTES))
              == 0) {
        at += 4 * Long.BYTES;
      }
      while (at < to && isPlain(bytes[at])) {
        at++;
      }
      return at;
    }

    /** Returns 0 if all of the eight bytes from {@code at} on are plain, else another value. */
    private static long marks(byte[] bytes, int at) {
      var eight = (long) LONGS.get(bytes, at);
      return (eight | (eight - SPACES) | ((eight ^ QUOTES) - EACH) | ((eight ^ BACKSLASHES) - EACH))
          & TOP_BITS;
    }

    /** Whether a byte is printable ASCII and neither a quote nor a backslash. */
    private static boolean isPlain(byte b) {
      return b >= ' ' && b != '"' && b != '\\';
    }
  }
}
