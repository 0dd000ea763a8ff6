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

  @ParameterizedTest
  @CsvSource({
    "http://h:8000/v1,/v1/models,/v1/models",
    "http://h:8000/v1/,/health,/health",
    "http://h:8000/base/v1,/v1/chat/completions,/base/v1/chat/completions",
    "http://h:8000/base/,/metrics,/base/metrics",
    "http://h:8000,/v1/models,/v1/models",
    "http://h:8000/av1,/x,/av1/x"
  })
  void leavesOutTheVersionAtTheEndOfAUrl(String url, String path, String target) {
    assertThat(EndpointConfig.of("e", URI.create(url)).target(path)).isEqualTo(target);
  }

  @ParameterizedTest
  @CsvSource({
    "http://my_host:8000,my_host,my_host:8000,8000",
    "https://my_host,my_host,my_host,443",
    "http://[::1]:81,::1,[::1]:81,81",
    "http://[fe80::1%25eth0]:81,fe80::1%eth0,[fe80::1]:81,81",
    "http://[fe80::1%eth0],fe80::1%eth0,[fe80::1],80"
  })
  void knowsEveryKindOfHost(String url, String host, String header, int port) {
    var endpoint = EndpointConfig.of("e", URI.create(url));

    assertThat(endpoint.host()).isEqualTo(host);
    assertThat(endpoint.hostHeader()).isEqualTo(header);
    assertThat(endpoint.port()).isEqualTo(port);
  }

  @Test
  void hasOneAddressForProxies() {
    assertThat(address("http://10.0.0.1:8000")).isEqualTo("10.0.0.1:8000");
    assertThat(address("https://vllm_a")).isEqualTo("vllm_a:443");
    assertThat(address("http://[fd00::1]:8000/base")).isEqualTo("[fd00::1]:8000");
  }

  private static String address(String url) {
    return EndpointConfig.of("e", URI.create(url)).address();
  }
}
