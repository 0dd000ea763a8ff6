package dev.sluice.simulation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.simulation.report.Comparison.Run;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

final class ReportsTest {
  private static final Comparison TWO =
      new Comparison(
          "w.yaml",
          7,
          List.of(
              new Run("old", Samples.result(2_000, 40)), new Run("new", Samples.result(500, 10))));

  @Test
  void textShowsEachConfigurationAndHowFarItIsFromTheFirst() {
    var lines = text(TWO).lines().map(line -> line.replaceAll(" +", " ").strip()).toList();

    assertThat(lines)
        .startsWith("w.yaml: 2:00 simulated, seed 7")
        .contains(
            "alice old 100 60 40 13 ms 2.0 s 20 ms – 34,000 50.0 % – EXPIRED 40",
            "new 100 90 10 13 ms 500 ms 20 ms – 34,000 50.0 % – EXPIRED 10",
            "against old = +50.0 % −75.0 % = −75.0 % = – = = –",
            "inversions 5 5 = dispatches past an eligible request of a higher band");
  }

  @Test
  void textOfOneConfigurationHasNoDifferences() {
    var one = new Comparison("w", 0, List.of(new Run("only", Samples.result(5, 0))));

    assertThat(text(one)).doesNotContain("configuration").doesNotContain("against");
  }

  @Test
  void textOfManyTenantsNamesTheRestByNumber() {
    var names = IntStream.range(0, 30).mapToObj(i -> "t" + (100 + i)).toList();
    var many = new Comparison("w", 0, List.of(new Run("a", Samples.result(names, 5, 0))));

    assertThat(text(many)).contains("t119").doesNotContain("t120").contains("and 10 more tenants");
  }

  @Test
  void columnsLineUp() {
    var header = text(TWO).lines().filter(line -> line.startsWith("tenant")).findFirst();
    var row = text(TWO).lines().filter(line -> line.startsWith("alice")).findFirst();

    assertThat(row.orElseThrow().indexOf("EXPIRED"))
        .isEqualTo(header.orElseThrow().indexOf("refused by cause"));
  }

  @Test
  void jsonIsWellFormedAndHasNullForWhatWasNotMeasured() {
    var out = new StringWriter();
    new JsonReport(TWO).write(out);
    var names = new ArrayList<String>();
    var nulls = 0;

    try (var parser = new JsonFactory().createParser(ObjectReadContext.empty(), out.toString())) {
      for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.PROPERTY_NAME) {
          names.add(parser.currentName());
        }
        nulls += token == JsonToken.VALUE_NULL ? 1 : 0;
      }
    }

    assertThat(names).contains("runs", "tenants", "alice", "bands", "-1", "series", "saturation");
    assertThat(nulls).isPositive();
    assertThat(out.toString())
        .contains("\"decisionHash\":\"cafe\"")
        .contains("\"refused\":{\"EXPIRED\":40}")
        .doesNotContain("NaN");
  }

  @Test
  void htmlIsWellFormedWhateverThingsAreCalled() throws Exception {
    var hostile = "<script>alert('&\"')</script>";
    var result = Samples.result(List.of(hostile, "b"), 10, 1);
    var document =
        parse(
            html(
                new Comparison(
                    hostile, 1, List.of(new Run(hostile, result), new Run("b", result)))));

    assertThat(document.getElementsByTagName("script").getLength()).isZero();
    assertThat(document.getElementsByTagName("svg").getLength()).isEqualTo(8);
    assertThat(document.getElementsByTagName("h1").item(0).getTextContent()).isEqualTo(hostile);
  }

  @Test
  void htmlNeedsNothingFromElsewhere() throws IOException {
    assertThat(html(TWO))
        .doesNotContain("http:", "https:", "//", "<script", "<link", "src=", "@import", "url(");
  }

  @Test
  void htmlIsTheSameForTheSameResults() throws IOException {
    assertThat(html(TWO)).isEqualTo(html(TWO)).doesNotContain("NaN");
  }

  @Test
  void htmlSaysWhichWayIsBetter() throws IOException {
    assertThat(html(TWO))
        .contains("500 ms<small class=\"better\">−75.0 %</small>")
        .contains("90<small class=\"better\">+50.0 %</small>")
        .doesNotContain("class=\"worse\"");
  }

  @Test
  void htmlGathersSmallTenantsInTheChartOfShares() throws IOException {
    var names = IntStream.range(0, 120).mapToObj(i -> "t" + (100 + i)).toList();
    var page = html(new Comparison("w", 0, List.of(new Run("a", Samples.result(names, 5, 0)))));

    assertThat(page).contains("all others").contains("and 20 that used less");
  }

  @Test
  void picturesAreWellFormedAndStandAlone(@TempDir Path folder) throws Exception {
    var hostile = "<script>alert('&\"')</script>";
    var names = IntStream.range(0, 30).mapToObj(i -> hostile + i).toList();
    var two =
        new Comparison(
            "w",
            0,
            List.of(
                new Run(hostile, Samples.result(names, 5, 0)),
                new Run("b", Samples.result(names, 9, 1))));

    new Pictures(two).writeTo(folder);

    for (var name : List.of("wait.svg", "share.svg", "queue.svg", "saturation.svg")) {
      var text = Files.readString(folder.resolve(name));
      var document = parse(text);
      assertThat(document.getDocumentElement().getTagName()).isEqualTo("svg");
      assertThat(document.getElementsByTagName("g").getLength())
          .as("one for each run")
          .isEqualTo(2);
      assertThat(document.getElementsByTagName("script").getLength()).isZero();
      assertThat(text.replace("http://www.w3.org/2000/svg", ""))
          .doesNotContain("http:", "https:", "src=", "@import", "url(", "NaN");
    }
  }

  @Test
  void legendsOfPicturesWrapInsteadOfLeavingThePicture(@TempDir Path folder) throws Exception {
    var names = IntStream.range(0, 8).mapToObj(i -> "a tenant with a long name " + i).toList();
    var one = new Comparison("w", 0, List.of(new Run("a", Samples.result(names, 5, 0))));

    new Pictures(one).writeTo(folder);

    var root = parse(Files.readString(folder.resolve("share.svg"))).getDocumentElement();
    var swatches = root.getElementsByTagName("rect");
    for (var i = 0; i < swatches.getLength(); i++) {
      var swatch = (Element) swatches.item(i);
      if (swatch.getAttribute("class").startsWith("swatch")) {
        assertThat(Double.parseDouble(swatch.getAttribute("x"))).isLessThan(Chart.WIDTH - 150);
        assertThat(Double.parseDouble(swatch.getAttribute("y")))
            .isLessThan(Double.parseDouble(root.getAttribute("height")));
      }
    }
  }

  @Test
  void refusesNoRunsAndTwoOfOneName() {
    var run = new Run("a", Samples.result(1, 0));

    assertThatThrownBy(() -> new Comparison("w", 0, List.of()))
        .hasMessage("runs: got none, allowed at least one");
    assertThatThrownBy(() -> new Comparison("w", 0, List.of(run, run)))
        .hasMessage("runs: got two named a");
  }

  private static String text(Comparison comparison) {
    var out = new StringWriter();
    new TextReport(comparison).print(new PrintWriter(out));
    return out.toString();
  }

  private static String html(Comparison comparison) throws IOException {
    var out = new StringWriter();
    new HtmlReport(comparison).write(out);
    return out.toString();
  }

  private static Document parse(String xml) throws Exception {
    return DocumentBuilderFactory.newNSInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
  }
}
