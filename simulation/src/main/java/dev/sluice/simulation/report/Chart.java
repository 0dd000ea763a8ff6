package dev.sluice.simulation.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * A chart over time, drawn as SVG: lines, or areas on top of each other, with axes and, under the
 * pointer, the values of each moment. Colours are the page's classes {@code s0} to {@code s8}.
 * Immutable.
 *
 * @param title the text for screen readers
 * @param unit the unit of the vertical axis
 * @param bucketSeconds the time between two values
 * @param series the lines or areas, all with the same number of values; NaN leaves a gap
 * @param stacked whether series lie on top of each other
 * @param scale the scale of the vertical axis
 * @param show writes a value as text
 */
record Chart(
    String title,
    String unit,
    double bucketSeconds,
    List<Line> series,
    boolean stacked,
    Scale scale,
    DoubleFunction<String> show) {

  /** A line or area with its colour and its values. It may be dashed and thin. */
  record Line(String name, int colour, boolean dashed, List<Double> values) {}

  static final int WIDTH = 600;
  static final int HEIGHT = 240;
  private static final int LEFT = 58;
  private static final int RIGHT = 12;
  private static final int ABOVE = 22;
  private static final int BELOW = 34;

  /** The SVG element. */
  String svg() {
    var svg = new StringBuilder();
    svg.append(Shown.format("<svg viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, HEIGHT));
    svg.append("<title>").append(Html.escape(title)).append("</title>");
    svg.append(drawing());
    moments(svg);
    return svg.append("</svg>").toString();
  }

  /** The content of the element, without the values that appear under the pointer. */
  String drawing() {
    var svg = new StringBuilder();
    axes(svg);
    if (stacked) {
      areas(svg);
    } else {
      series.forEach(line -> line(svg, line));
    }
    return svg.toString();
  }

  /**
   * A vertical axis from 0.
   *
   * @param step between two ticks, above 0
   * @param ticks the number of ticks after the one at 0, at least 1
   */
  record Scale(double step, int ticks) {
    private static final double MINUTE = 60_000;

    /** A scale from 0 to 1. */
    static final Scale PARTS = new Scale(0.25, 4);

    /** A scale of round numbers, up to at least {@code most}. */
    static Scale of(double most) {
      if (!(most > 0)) {
        return PARTS;
      }
      var power = StrictMath.pow(10, StrictMath.floor(StrictMath.log10(most / 4)));
      return fitting(most, power, 2 * power, 2.5 * power, 5 * power, 10 * power);
    }

    /** A scale of round numbers for things that can't be halved. */
    static Scale ofCount(double most) {
      return of(Math.max(4, most));
    }

    /** A scale of round times, up to at least {@code most} milliseconds. */
    static Scale ofMillis(double most) {
      if (most <= 100_000) {
        return of(Math.max(4, most));
      }
      if (most <= 1_440 * MINUTE) {
        return fitting(
            most,
            MINUTE / 2,
            MINUTE,
            2 * MINUTE,
            5 * MINUTE,
            15 * MINUTE,
            30 * MINUTE,
            60 * MINUTE,
            180 * MINUTE,
            360 * MINUTE);
      }
      var minutes = of(most / MINUTE);
      return new Scale(minutes.step * MINUTE, minutes.ticks);
    }

    private static Scale fitting(double most, double... steps) {
      for (var step : steps) {
        if (most / step <= 4.000001) {
          return new Scale(step, (int) Math.max(1, Math.ceil(most / step - 0.000001)));
        }
      }
      throw new IllegalArgumentException("most: got " + most);
    }

    double top() {
      return step * ticks;
    }
  }

  private void axes(StringBuilder svg) {
    for (var i = 0; i <= scale.ticks; i++) {
      var value = scale.step * i;
      var y = y(value);
      svg.append(
          Shown.format(
              "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
              i == 0 ? "axis" : "grid", LEFT, WIDTH - RIGHT, y, y));
      svg.append(
          Shown.format(
              "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT - 6, y + 4, Html.escape(show.apply(value))));
    }
    svg.append(Shown.format("<text class=\"unit\" x=\"4\" y=\"12\">%s</text>", Html.escape(unit)));
    var seconds = buckets() * bucketSeconds;
    var step = timeStep(seconds);
    for (var at = 0.0; at <= seconds * 1.0001; at += step) {
      svg.append(
          Shown.format(
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>",
              x(at / bucketSeconds),
              HEIGHT - BELOW + 16,
              at == 0 ? "start" : at > seconds - step / 3 ? "end" : "middle",
              Shown.clock(at)));
    }
    svg.append(
        Shown.format(
            "<text class=\"unit\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
            WIDTH - RIGHT,
            HEIGHT - 4,
            seconds >= 3_600 ? "simulated time, h:min:s" : "simulated time, min:s"));
  }

  /** A round time that fits five to eight times. */
  private static double timeStep(double seconds) {
    var steps = new double[] {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200};
    for (var step : steps) {
      if (seconds / step <= 8) {
        return step;
      }
    }
    return Math.ceil(seconds / 6 / 3_600) * 3_600;
  }

  private void line(StringBuilder svg, Line line) {
    var path = new StringBuilder();
    var values = line.values;
    for (var i = 0; i < values.size(); i++) {
      if (isGap(values, i)) {
        continue;
      }
      var starts = isGap(values, i - 1);
      if (starts && isGap(values, i + 1)) {
        svg.append(
            Shown.format(
                "<circle class=\"dot s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"1.8\"/>",
                line.colour, x(i + 0.5), y(values.get(i))));
      } else {
        path.append(Shown.format("%s%.1f %.1f", starts ? "M" : "L", x(i + 0.5), y(values.get(i))));
      }
    }
    if (!path.isEmpty()) {
      svg.append(
          Shown.format(
              "<path class=\"line s%d%s\" d=\"%s\"/>",
              line.colour, line.dashed ? " dashed" : "", path));
    }
  }

  private static boolean isGap(List<Double> values, int i) {
    return i < 0 || i >= values.size() || values.get(i).isNaN();
  }

  private void areas(StringBuilder svg) {
    var floor = new double[buckets()];
    for (var line : series) {
      var above = new StringBuilder();
      var below = new ArrayList<String>();
      for (var i = 0; i < floor.length; i++) {
        var value = line.values.get(i);
        var ceiling = floor[i] + (value.isNaN() ? 0 : value);
        // Steps, because a share holds for its whole bucket.
        for (var x : new int[] {i, i + 1}) {
          above.append(Shown.format("%s%.1f %.1f", above.isEmpty() ? "M" : "L", x(x), y(ceiling)));
          below.add(Shown.format("L%.1f %.1f", x(x), y(floor[i])));
        }
        floor[i] = ceiling;
      }
      svg.append(
          Shown.format(
              "<path class=\"area s%d\" d=\"%s%sZ\"/>",
              line.colour, above, String.join("", below.reversed())));
    }
  }

  private void moments(StringBuilder svg) {
    for (var i = 0; i < buckets(); i++) {
      svg.append(
          Shown.format(
              "<rect class=\"moment\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\"><title>%s",
              x(i),
              ABOVE,
              x(i + 1) - x(i),
              HEIGHT - ABOVE - BELOW,
              Shown.clock((i + 0.5) * bucketSeconds)));
      for (var line : series) {
        var value = line.values.get(i);
        if (!value.isNaN()) {
          svg.append('\n').append(Html.escape(line.name)).append(": ").append(show.apply(value));
        }
      }
      svg.append("</title></rect>");
    }
  }

  private int buckets() {
    return series.stream().mapToInt(line -> line.values.size()).max().orElse(1);
  }

  private double x(double bucket) {
    return LEFT + (WIDTH - LEFT - RIGHT) * bucket / buckets();
  }

  private double y(double value) {
    var part = Math.clamp(value / scale.top(), 0, 1);
    return HEIGHT - BELOW - (HEIGHT - ABOVE - BELOW) * part;
  }
}
