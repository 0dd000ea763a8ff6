package dev.sluice.inference;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;

/**
 * An input stream over segments, one after the other. The positions of the segments do not change.
 * Not thread-safe.
 */
public final class SegmentInputStream extends InputStream {
  private final Iterator<ByteBuffer> rest;
  private ByteBuffer current = ByteBuffer.allocate(0);

  /** A stream over the remaining bytes of these segments, heap or direct. */
  public SegmentInputStream(List<ByteBuffer> segments) {
    this.rest = segments.iterator();
  }

  @Override
  public int read() {
    return advance() ? current.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    if (!advance()) {
      return -1;
    }
    int count = Math.min(length, current.remaining());
    current.get(target, offset, count);
    return count;
  }

  private boolean advance() {
    while (!current.hasRemaining()) {
      if (!rest.hasNext()) {
        return false;
      }
      current = rest.next().duplicate();
    }
    return true;
  }
}
