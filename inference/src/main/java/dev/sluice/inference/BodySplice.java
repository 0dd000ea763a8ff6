package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An edit of a body at one place, which leaves every other byte as it came. Immutable.
 *
 * @param offset where, in bytes from the start of the body
 * @param removedBytes how many bytes go, at least 0
 * @param inserted ASCII text that takes their place
 */
public record BodySplice(long offset, int removedBytes, String inserted) {
  /** Changes nothing. */
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

  /** By how many bytes the body grows; negative if it shrinks. */
  public int growth() {
    return inserted.length() - removedBytes;
  }

  /**
   * The edited body as views of the given segments plus the inserted bytes; copies nothing else.
   * The segments' positions stay as they are.
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
