package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.BodySplice;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

/** The bytes that a body holds, the memory it reserves, and when it gives both back. */
final class RequestBodyTest {
  private final BodyBudget budget = new BodyBudget(100);
  private final RequestBody body = new RequestBody(budget, 10);

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
  void reservesTheAnnouncedLengthBeforeAnyByteArrives() {
    assertThat(body.expect(7)).isEmpty();

    assertThat(budget.reservedBytes()).isEqualTo(7);
  }

  @Test
  void refusesALengthAboveTheLimit() {
    assertThat(body.expect(11).orElseThrow().error().status()).isEqualTo(413);
    assertThat(budget.reservedBytes()).isZero();
  }

  @Test
  void reservesAsPiecesArriveIfNoLengthWasAnnounced() {
    body.expect(0);

    body.add(piece("abc"));
    body.add(piece("de"));

    assertThat(budget.reservedBytes()).isEqualTo(5);
    assertThat(sent()).isEqualTo("abcde");
  }

  @Test
  void refusesAPieceAboveTheLimitAndDropsIt() {
    var piece = piece("0123456789X");

    var refusal = body.add(piece);

    assertThat(refusal.orElseThrow().error().status()).isEqualTo(413);
    assertThat(piece.refCnt()).isZero();
  }

  @Test
  void refusesAPieceThatFindsNoMemoryAndDropsIt() {
    budget.reserve(98);
    var piece = piece("abc");

    var refusal = body.add(piece);

    assertThat(refusal.orElseThrow().reason()).isEqualTo("rejected-saturated");
    assertThat(piece.refCnt()).isZero();
  }

  @Test
  void replacesBytesBySplicing() {
    body.add(piece("a{}c"));

    body.splice(new BodySplice(1, 2, "[bb]"));

    assertThat(sent()).isEqualTo("a[bb]c");
    assertThat(body.sizeBytes()).isEqualTo(6);
  }

  @Test
  void givesBackMemoryAndPiecesOnce() {
    budget.reserve(50);
    body.add(piece("abc"));

    body.release();
    body.release();

    assertThat(budget.reservedBytes()).isEqualTo(50);
    assertThat(sent()).isEmpty();
  }

  @Test
  void dropsPiecesThatArriveAfterItsRelease() {
    body.release();
    var late = piece("abc");

    assertThat(body.add(late)).isEmpty();

    assertThat(late.refCnt()).isZero();
    assertThat(budget.reservedBytes()).isZero();
  }
}
