package dev.sluice.inference;

import static dev.sluice.inference.RequestScannerTest.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The event stream format of the HTML standard, line by line. */
final class SseEventsTest {
  private final List<String> seen = new ArrayList<>();
  private final SseEvents events = new SseEvents(20);

  /** Cuts a stream into events, and returns the data of each, followed by its marks. */
  private List<String> read(String stream) {
    var bytes = utf8(stream);
    events.feed(bytes, 0, bytes.length, this::note);
    return seen;
  }

  private void note(SseEvents event, int end) {
    var data = new String(event.data(), 0, event.dataLength(), StandardCharsets.UTF_8);
    seen.add(
        (event.hasData() ? data : "no data")
            + (event.isNamed() ? " named" : "")
            + (event.isCut() ? " cut" : ""));
  }

  @Test
  void joinsTheLinesOfAnEventByALineFeed() {
    assertThat(read("data: a\ndata: b\r\ndata\n\n")).containsExactly("a\nb\n");
  }

  @Test
  void takesOneSpaceBehindTheColonForNoPartOfTheValue() {
    assertThat(read("data:a\n\ndata: b\n\ndata:  c\n\ndata:\n\n"))
        .containsExactly("a", "b", " c", "");
  }

  @Test
  void knowsAFieldByItsWholeName() {
    assertThat(read("database: a\n\ndat: b\n\nDATA: c\n\ndata : d\n\nevents: x\ndata: e\n\n"))
        .containsExactly("no data", "no data", "no data", "no data", "e");
  }

  @Test
  void skipsAByteOrderMarkAtTheVeryBeginningOnly() {
    assertThat(read("\uFEFFdata: a\n\n\uFEFFdata: b\n\n")).containsExactly("a", "no data");
  }

  @Test
  void forgetsNameAndDataBetweenEvents() {
    assertThat(read("event: x\ndata: a\n\ndata: b\n\n:\n\n"))
        .containsExactly("a named", "b", "no data");
  }

  @Test
  void marksWhatIsAboveTheBoundAsCutAndRecovers() {
    assertThat(read("data: " + "y".repeat(30) + "\n\ndata: b\n\n"))
        .containsExactly("y".repeat(20) + " cut", "b");
  }

  @Test
  void marksDataOfManyLinesAboveTheBoundAsCut() {
    assertThat(read("data: 123456789\ndata: 123456789\ndata: 3\n\n"))
        .containsExactly("123456789\n123456789\n cut");
  }
}
