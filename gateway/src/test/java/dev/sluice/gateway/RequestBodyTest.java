package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.BodySplice;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/** The bytes that a body holds, the memory it counts, and when it gives both back. */
final class RequestBodyTest {
  private static final long MEGABYTE = 1 << 20;

  private final BodyBudget budget = new BodyBudget(8 * MEGABYTE);
  private final RequestBody body = body(10);

  private RequestBody body(long maxBytes) {
    return new RequestBody(budget, budget.open(0, "t", () -> {}), maxBytes);
  }

  private static ByteBuf piece(String text) {
    return Unpooled.copiedBuffer(text, US_ASCII);
  }

  private String sent() {
    var view = body.toSend();
    try {
      return view.toString(US_ASCII);
    } finally {
      view.release();
    }
  }

  @Test
  void countsTheHeadButNotWhatItAnnounces() {
    assertThat(body.expect(300, 7)).isEmpty();

    assertThat(budget.heldBytes()).isEqualTo(300 + RequestBody.REQUEST_BYTES);
  }

  @Test
  void refusesALengthAboveTheLimit() {
    assertThat(body.expect(0, 11).orElseThrow().error().status()).isEqualTo(413);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void refusesALengthThatNoMemoryHolds() {
    var tooLong = body(100 * MEGABYTE).expect(0, 9 * MEGABYTE);

    assertThat(tooLong.orElseThrow().error().status()).isEqualTo(413);
  }

  @Test
  void countsWhatItHoldsAsPiecesArrive() {
    body.expect(0, 0);
    var before = budget.heldBytes();

    body.add(piece("abc"));
    body.add(piece("de"));

    assertThat(budget.heldBytes()).isEqualTo(before + 512);
    assertThat(sent()).isEqualTo("abcde");
    body.release();
  }

  @Test
  void holdsAsManyBytesForSinglesAsForABlock() {
    var count = 1_000_000;
    var allocator = new PooledByteBufAllocator(true);
    var singles = body(count);

    for (var i = 0; i < count; i++) {
      assertThat(singles.add(allocator.directBuffer(256).writeByte('x'))).isEmpty();
    }

    assertThat(singles.pieces().stream().mapToInt(piece -> piece.remaining()).sum())
        .isEqualTo(count);
    assertThat(singles.pieces().size()).isLessThan(30);
    assertThat(budget.heldBytes()).isBetween((long) count, count + (128L << 10));
    assertThat(allocator.pinnedDirectMemory()).isLessThan(budget.heldBytes() * 5 / 4);
    singles.release();
    assertThat(allocator.pinnedDirectMemory()).isZero();
  }

  @Test
  void doesNotKeepALargeBufferForAPartOfIt() {
    var allocator = new PooledByteBufAllocator(true);
    var large = body(MEGABYTE);

    for (var i = 0; i < 20; i++) {
      var read = allocator.directBuffer(256 << 10).writeZero(5_000);
      large.add(read.readRetainedSlice(5_000));
      read.release();
    }

    assertThat(allocator.pinnedDirectMemory()).isLessThan(200_000);
    large.release();
  }

  @Test
  void keepsTheOrderOfPiecesOfAllSizes() {
    var mixed = body(MEGABYTE);
    var expected = new StringBuilder();
    for (var i = 0; i < 200; i++) {
      var text = String.valueOf((char) ('a' + i % 26)).repeat(i % 7 == 0 ? 9_000 : i);
      expected.append(text);
      mixed.add(piece(text));
    }

    var view = mixed.toSend();
    assertThat(view.toString(US_ASCII)).isEqualTo(expected.toString());
    view.release();
    mixed.release();
  }

  @Test
  void refusesAPieceAboveTheLimitAndDropsIt() {
    var piece = piece("0123456789X");

    var refusal = body.add(piece);

    assertThat(refusal.orElseThrow().error().status()).isEqualTo(413);
    assertThat(piece.refCnt()).isZero();
  }

  @Test
  void refusesPiecesThatFindNoMemoryAndDropsThem() {
    var large = body(8 * MEGABYTE);
    budget.open(0, "t", () -> {}).take(8 * MEGABYTE - 2);
    var pieces = new ArrayList<ByteBuf>();
    for (var size : new int[] {3, 100_000}) {
      var piece = piece("x".repeat(size));
      pieces.add(piece);

      assertThat(large.add(piece).orElseThrow().reason()).isEqualTo("rejected-saturated");
    }

    assertThat(pieces).allMatch(piece -> piece.refCnt() == 0);
  }

  @Test
  void refusesPiecesAfterItGaveWay() {
    body.add(piece("abc"));
    budget.open(1, "u", () -> {}).take(8 * MEGABYTE);
    var large = body(8 * MEGABYTE);

    assertThat(large.add(piece("z")).orElseThrow().reason()).isEqualTo("rejected-saturated");
    body.release();

    assertThat(budget.heldBytes()).isEqualTo(8 * MEGABYTE);
  }

  @Test
  void replacesBytesBySplicing() {
    body.add(piece("a{}c"));

    body.splice(new BodySplice(1, 2, "[bb]"));

    assertThat(sent()).isEqualTo("a[bb]c");
    assertThat(body.sizeBytes()).isEqualTo(6);
    body.release();
  }

  @Test
  void givesBackEverythingOnce() {
    budget.open(0, "t", () -> {}).take(50);
    body.add(piece("abc"));

    body.release();
    body.release();

    assertThat(budget.heldBytes()).isEqualTo(50);
    assertThat(sent()).isEmpty();
  }

  @Test
  void keepsTheHeadWhenItGivesBackTheBody() {
    body.expect(100, 0);
    body.add(piece("abc"));

    body.releaseBytes();

    assertThat(budget.heldBytes()).isEqualTo(100 + RequestBody.REQUEST_BYTES);
    assertThat(sent()).isEmpty();
  }

  @Test
  void holdsWhatIsLentUntilItComesBack() {
    body.add(piece("abc"));
    body.lend(() -> false);

    body.release();

    assertThat(sent()).isEqualTo("abc");
    assertThat(budget.heldBytes()).isPositive();
    body.returned();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void dropsPiecesThatArriveAfterItsRelease() {
    body.release();
    var late = piece("abc");

    assertThat(body.add(late)).isEmpty();

    assertThat(late.refCnt()).isZero();
    assertThat(budget.heldBytes()).isZero();
  }
}
