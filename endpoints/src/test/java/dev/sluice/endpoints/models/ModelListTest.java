package dev.sluice.endpoints.models;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelListTest {
  private static List<ServedModel> parse(String json) {
    var bytes = json.getBytes(UTF_8);
    return ModelList.parse(bytes, bytes.length);
  }

  @Test
  void readsVllmsListWithAdapters() {
    assertThat(
            parse(
                """
                {"object": "list", "data": [
                  {"id": "base", "object": "model", "created": 1700000000, "owned_by": "vllm",
                   "root": "/models/base", "parent": null, "max_model_len": 4096,
                   "permission": [{"id": "p", "created": 1}]},
                  {"id": "lora", "created": 1.5, "parent": "base"}]}
                """))
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("json")
        .containsExactly(
            new ServedModel("base", 1_700_000_000, "vllm", ""),
            new ServedModel("lora", 0, "", "base"));
  }

  @Test
  void keepsAnEntryAsTheServerWroteIt() {
    var entry = "{\"id\": \"m\", \"max_model_len\": 4096, \"permission\": [{\"id\": \"ü\"}]}";

    assertThat(parse("{\"object\":\"list\",\"data\": [ " + entry + " ,{\"id\":\"n\"}]}"))
        .extracting(ServedModel::json)
        .containsExactly(entry, "{\"id\":\"n\"}");
  }

  @Test
  void readsNoFurtherThanItIsTold() {
    var json = "{\"data\": [{\"id\": \"x\"}]}";
    var reused = (json + "}]rest of an earlier page").getBytes(UTF_8);
    assertThat(ModelList.parse(reused, json.length()))
        .containsExactly(new ServedModel("x", 0, "", "", "{\"id\": \"x\"}"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelList.parse(json.getBytes(UTF_8), json.length() - 1));
  }

  @Test
  void leavesOutEntriesWithoutAName() {
    assertThat(parse("{\"data\": [{}, {\"id\": 3}, 7, [{\"id\": \"x\"}], {\"id\": \"y\"}]}"))
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("json")
        .containsExactly(ServedModel.of("y"));
  }

  @Test
  void toleratesACreationTimeBeyondAnyClock() {
    assertThat(parse("{\"data\": [{\"id\": \"y\", \"created\": 99999999999999999999999}]}"))
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("json")
        .containsExactly(ServedModel.of("y"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "null",
        "{\"data\": {}}",
        "{\"data\": [",
        "{\"data\": [{\"id\": \"x\"",
        "<html>",
        "{\"data\": [{\"id\": \"x\"}]"
      })
  void refusesWhatIsNoModelList(String json) {
    assertThatIllegalArgumentException().isThrownBy(() -> parse(json));
  }
}
