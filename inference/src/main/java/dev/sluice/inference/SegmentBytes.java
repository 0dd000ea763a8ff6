package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Random access to the bytes of segments that lie one after the other. Access near the last place
 * is O(1). The positions of the segments do not change. Not thread-safe.
 */
final class SegmentBytes {
  private final List<ByteBuffer> segments;
  private final long size;

  private int current;
  private long start;
  private long end;

  SegmentBytes(List<ByteBuffer> segments) {
    this.segments = segments;
    long bytes = 0;
    for (var segment : segments) {
      bytes += segment.remaining();
    }
    this.size = bytes;
    this.end = segments.isEmpty() ? 0 : segments.getFirst().remaining();
  }

  long size() {
    return size;
  }

  /** The byte at an index from 0 to {@code size - 1}. */
  byte at(long index) {
    while (index >= end) {
      current++;
      start = end;
      end += segments.get(current).remaining();
    }
    while (index < start) {
      current--;
      end = start;
      start -= segments.get(current).remaining();
    }
    var segment = segments.get(current);
    return segment.get(segment.position() + (int) (index - start));
  }

  /** Copies the bytes from {@code from} to before {@code to}. */
  byte[] copy(long from, long to) {
    var bytes = new byte[(int) (to - from)];
    for (var i = 0; i < bytes.length; i++) {
      bytes[i] = at(from + i);
    }
    return bytes;
  }
}
