package dev.sluice.endpoints;

import static dev.sluice.endpoints.PoolUnderTest.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.endpoints.models.ServedModel;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the log says of models that have no endpoint in service. */
final class EndpointPoolOutagesTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(Outages.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final PoolUnderTest test = new PoolUnderTest();

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
    logger.setLevel(null);
  }

  @Test
  void saysOnceThatAModelHasNoEndpointAndOnceThatItHasOneAgain() {
    test.healthy(endpoint("a"), endpoint("b"));
    test.modelsRead("a", ServedModel.of("m"));
    test.modelsRead("b", ServedModel.of("n"));

    failChecks("a", 6);

    assertThat(lines()).hasSize(1);
    assertThat(lines().getFirst())
        .startsWith("WARN No endpoint is in service any more for model m. ");
    assertThat(test.pool.modelsOutOfService()).containsExactly("m");

    passChecks("a", 4);

    assertThat(lines())
        .hasSize(2)
        .last()
        .isEqualTo("INFO An endpoint is in service again for model m");
    assertThat(test.pool.modelsOutOfService()).isEmpty();
  }

  @Test
  void saysNothingWhileAnotherEndpointServesTheModel() {
    test.healthy(endpoint("a"), endpoint("b"));
    test.modelsRead("a", ServedModel.of("m"));
    test.modelsRead("b", ServedModel.of("m"));

    failChecks("a", 3);

    assertThat(lines()).isEmpty();
    assertThat(test.pool.modelsOutOfService()).isEmpty();
  }

  @Test
  void aLostConnectionIsNoOutageUntilTheCheckHasFailed() {
    test.healthy(endpoint("a"));
    test.modelsRead("a", ServedModel.of("m"));

    test.pool.connectFailed("a");
    test.pool.healthCheckPassed("a");
    test.pool.connectFailed("a");
    assertThat(lines()).isEmpty();

    test.pool.healthCheckFailed("a");
    assertThat(lines()).hasSize(1);
  }

  @Test
  void namesAnEndpointsModelsThatWereNeverServed() {
    test.configured(endpoint("a").serving("m"));
    assertThat(lines()).isEmpty();

    test.pool.healthCheckFailed("a");

    assertThat(lines()).singleElement().asString().contains("for model m. ");
  }

  @Test
  void aPoolWithoutKnownModelsIsOutAsAWhole() {
    test.healthy(endpoint("a"));

    failChecks("a", 3);
    passChecks("a", 2);

    assertThat(lines()).hasSize(2);
    assertThat(lines().getFirst()).contains("for any model. ");
    assertThat(lines().getLast()).contains("for any model");
  }

  @Test
  void oneLineNamesOnlySoManyModels() {
    test.healthy(endpoint("a"));
    test.pool.modelsRead(
        "a", IntStream.range(100, 150).mapToObj(i -> ServedModel.of("m" + i)).toList());

    failChecks("a", 3);

    assertThat(lines()).singleElement().asString().contains("m119 and 30 more. ");
  }

  @Test
  void forgetsModelsThatNobodyHasAnyMore() {
    test.healthy(endpoint("a"), endpoint("b"));
    test.modelsRead("a", ServedModel.of("m"));
    test.modelsRead("b", ServedModel.of("n"));
    failChecks("a", 3);

    test.configured(endpoint("b"));

    assertThat(lines()).hasSize(1);
    assertThat(test.pool.modelsOutOfService()).isEmpty();
  }

  private void failChecks(String id, int times) {
    for (var i = 0; i < times; i++) {
      test.pool.healthCheckFailed(id);
    }
  }

  private void passChecks(String id, int times) {
    for (var i = 0; i < times; i++) {
      test.pool.healthCheckPassed(id);
    }
  }

  private List<String> lines() {
    return log.list.stream()
        .map(event -> event.getLevel() + " " + event.getFormattedMessage())
        .toList();
  }
}
