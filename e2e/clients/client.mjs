// Makes one call with the OpenAI SDK for JavaScript, and prints the result as one line of JSON.
//
// usage: node client.mjs BASE_URL API_KEY SCENARIO MODEL MAX_TOKENS, in a folder whose node_modules have the SDK
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const installed = createRequire(`${process.cwd()}/`);
const { default: OpenAI } = await import(pathToFileURL(installed.resolve("openai")).href);
const [baseURL, apiKey, scenario, model, tokens] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
const messages = [{ role: "user", content: "Say something." }];
const max_tokens = Number(tokens);

const usageOf = (usage) => ({ inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens });

const scenarios = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages, max_tokens });
    const [choice] = answer.choices;
    return { text: choice.message.content, finish: choice.finish_reason, ...usageOf(answer.usage) };
  },

  async "chat-stream"() {
    const started = performance.now();
    const texts = [];
    const times = [];
    let last = {};
    const stream = await client.chat.completions.create({
      model,
      messages,
      max_tokens,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      const [choice] = chunk.choices;
      if (choice?.delta.content) {
        texts.push(choice.delta.content);
        times.push(Math.round(performance.now() - started));
      }
      if (choice?.finish_reason) last.finish = choice.finish_reason;
      if (chunk.usage) last = { ...last, ...usageOf(chunk.usage) };
    }
    return { text: texts.join(""), times, ...last };
  },

  async abandon() {
    let chunks = 0;
    const stream = await client.chat.completions.create({ model, messages, max_tokens, stream: true });
    for await (const chunk of stream) {
      chunks += chunk.object === "chat.completion.chunk" ? 1 : 0;
      if (chunks === 2) break;
    }
    return { chunks };
  },

  async completion() {
    const answer = await client.completions.create({ model, prompt: "Say something.", max_tokens });
    const [choice] = answer.choices;
    return { text: choice.text, finish: choice.finish_reason, ...usageOf(answer.usage) };
  },

  async response() {
    const answer = await client.responses.create({ model, input: "Say something.", max_output_tokens: max_tokens });
    return {
      text: answer.output_text,
      inputTokens: answer.usage.input_tokens,
      outputTokens: answer.usage.output_tokens,
    };
  },

  async "response-stream"() {
    const texts = [];
    const last = {};
    const stream = await client.responses.create({
      model,
      input: "Say something.",
      max_output_tokens: max_tokens,
      stream: true,
    });
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") texts.push(event.delta);
      if (event.type === "response.completed") last.outputTokens = event.response.usage.output_tokens;
    }
    return { text: texts.join(""), ...last };
  },

  async embedding() {
    const answer = await client.embeddings.create({ model, input: "something", encoding_format: "float" });
    return { dimensions: answer.data[0].embedding.length };
  },

  async models() {
    const ids = [];
    for await (const known of client.models.list()) ids.push(known.id);
    return { ids: ids.sort() };
  },
};

let result;
try {
  result = await scenarios[scenario]();
} catch (error) {
  if (!(error instanceof OpenAI.APIError) || error.status === undefined) throw error;
  result = {
    exception: error.constructor.name,
    status: error.status,
    code: error.code,
    type: error.type,
    message: error.message,
    retryAfter: error.headers?.get("retry-after"),
  };
}
console.log(JSON.stringify(result));
