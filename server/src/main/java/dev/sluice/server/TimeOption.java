package dev.sluice.server;

import dev.sluice.flowcontrol.reading.Durations;
import java.time.Duration;
import picocli.CommandLine;

/** A time on the command line: {@code 20ms}, {@code 90s}, {@code 10m} or {@code 2h}. */
final class TimeOption implements CommandLine.ITypeConverter<Duration> {
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  @Override
  public Duration convert(String text) {
    return Durations.parse(text)
        .filter(time -> time.compareTo(LONGEST) <= 0)
        .orElseThrow(() ->
            new CommandLine.TypeConversionException(
                "got " + text + ", allowed a time such as 20ms, 90s, 10m or 2h"));
  }
}
