package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An edit of a request body at one place that leaves every other byte as it was. Immutable.
 *
 * @param offset the place, in bytes from the start of the body
 * @param removedBytes how many bytes are removed, at least 0
 * @param inserted the ASCII text that is inserted there
 */
public record BodySplice(long offset, int removedBytes, String inserted) {
  /** The edit that changes nothing. */
  public static final BodySplice NONE = new BodySplice(0, 0, "");

  public BodySplice {
    if (offset < 0 || removedBytes < 0) {
      throw new IllegalArgumentException(
          "offset " + offset + ", removedBytes " + removedBytes + ": allowed >= 0");
    }
    if (!inserted.chars().allMatch(c -> c < 0x80)) {
      throw new IllegalArgumentException("inserted text is not ASCII");
    }
  }

  /** Whether the edit changes nothing. */
  public boolean isNone() {
    return removedBytes == 0 && inserted.isEmpty();
  }

  /** The number of bytes by which the body grows; negative if it shrinks. */
  public int growth() {
    return inserted.length() - removedBytes;
  }

  /**
   * Applies the edit. The result consists of views of the given segments and of the inserted bytes;
   * nothing else is copied. The positions of the segments do not change.
   *
   * @throws IllegalArgumentException if the edit lies outside the body
   */
  public List<ByteBuffer> apply(List<ByteBuffer> segments) {
    if (isNone()) {
      return segments;
    }
    var edited = new ArrayList<ByteBuffer>(segments.size() + 2);
    long end = offset + removedBytes;
    long at = 0;
    boolean spliced = false;
    for (var segment : segments) {
      int size = segment.remaining();
      if (!spliced && offset <= at + size) {
        addSlice(edited, segment, 0, (int) (offset - at));
        edited.add(ByteBuffer.wrap(inserted.getBytes(StandardCharsets.US_ASCII)));
        spliced = true;
      } else if (!spliced) {
        addSlice(edited, segment, 0, size);
      }
      if (spliced && end < at + size) {
        addSlice(edited, segment, (int) Math.max(0, end - at), size);
      }
      at += size;
    }
    if (!spliced || end > at) {
      throw new IllegalArgumentException(
          "edit of bytes " + offset + " to " + end + " of a body of " + at + " bytes");
    }
    return edited;
  }

  private static void addSlice(List<ByteBuffer> edited, ByteBuffer segment, int from, int to) {
    if (from < to) {
      edited.add(segment.slice(segment.position() + from, to - from));
    }
  }
}
