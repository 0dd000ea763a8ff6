package dev.sluice.observability.metrics;

import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The answer to a scrape.
 *
 * @param contentType the value of the header {@code Content-Type}
 * @param body the metrics as text
 */
@SuppressWarnings("ArrayRecordComponent") // written out once, never compared
public record MetricsPage(String contentType, byte[] body) {
  private static final ExpositionFormats FORMATS = ExpositionFormats.init();

  /** Writes the metrics of a registry in the format that the header {@code Accept} asks for. */
  public static MetricsPage render(PrometheusRegistry registry, String acceptHeader) {
    var openMetrics = FORMATS.getOpenMetricsTextFormatWriter();
    var writer =
        openMetrics.accepts(acceptHeader) ? openMetrics : FORMATS.getPrometheusTextFormatWriter();
    var out = new ByteArrayOutputStream(16 * 1024);
    try {
      writer.write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a byte array does not fail
    }
    return new MetricsPage(writer.getContentType(), out.toByteArray());
  }
}
