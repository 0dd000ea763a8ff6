package dev.sluice.endpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EndpointConfigTest {
  @ParameterizedTest
  @CsvSource({
    "http://h:8000, h, 8000, /health, false",
    "http://h, h, 80, /health, false",
    "https://h/, h, 443, /health, true",
    "http://[::1]:9/base/, ::1, 9, /base/health, false"
  })
  void namesHostPortAndTarget(String url, String host, int port, String target, boolean tls) {
    var endpoint = EndpointConfig.of("e", URI.create(url));
    assertThat(endpoint.host()).isEqualTo(host);
    assertThat(endpoint.port()).isEqualTo(port);
    assertThat(endpoint.target("/health")).isEqualTo(target);
    assertThat(endpoint.isTls()).isEqualTo(tls);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://h", "h:80", "/x", "http:///x", "http://h?a=b", "http://h#f"})
  void refusesAUrlThatIsNoServer(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EndpointConfig.of("e", URI.create(url)))
        .withMessageContaining("endpoint e: url: got " + url);
  }

  @Test
  void refusesABlankId() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EndpointConfig.of(" ", URI.create("http://h")));
  }

  @Test
  void refusesASizeOrALimitThatMakesNoSense() {
    for (var weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> sized(weight, 0))
          .withMessage("endpoint e: capacityWeight: got " + weight + ", allowed > 0");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sized(1, -1))
        .withMessage("endpoint e: maxRequests: got -1, allowed >= 0");
  }

  private static EndpointConfig sized(double weight, int maxRequests) {
    var url = URI.create("http://h");
    return new EndpointConfig("e", url, Set.of(), Set.of(), weight, maxRequests);
  }
}
