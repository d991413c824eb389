/**
 * From prompts to the states that the video transformer reads: tokens, then UMT5's encoder.
 *
 * <pre>{@code
 * try (var tokenizer = Tokenizer.open(folder.resolve("tokenizer.json"), 512)) {
 *   tokenizer.check(prompt); // says in plain words what is wrong with it
 *   var tokens = tokenizer.encode(List.of(prompt)); // ids and mask, [1, 512]
 *   var states = encoder.encode(tokens, BFLOAT16); // [1, 512, 4096], zero after the prompt's end
 * }
 * }</pre>
 *
 * <p>{@link dev.longtake.text.TextStage} does both, and decides by {@link
 * dev.longtake.text.TextResidence} how long the encoder takes memory: the published one is four
 * times as large as the transformer it serves, and is needed once per prompt.
 *
 * <p>{@link dev.longtake.text.Umt5Encoder} is one implementation for every size: the published XXL
 * ({@link dev.longtake.text.Umt5Config#XXL}) and the small one that is trained with the bundled
 * model. It differs from other T5 encoders in that every layer has its own table of relative
 * positions. {@link dev.longtake.text.Tokenizer} reads any Hugging Face {@code tokenizer.json}: the
 * SentencePiece one of UMT5, or a list of whole words that {@link
 * dev.longtake.text.WordTokenizerFile} wrote for the small model.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A prompt is never cut short in silence: what a model of whole words cannot read is refused;
 *       where the published models cut, {@link dev.longtake.text.Tokenizer#unread} says how much.
 *   <li>Padding has id 0 and the end of a prompt id 1, whatever the vocabulary.
 *   <li>What stands after a prompt's end does not change the states before it, and {@link
 *       dev.longtake.text.Umt5Encoder#encode} leaves zeros there, as the video transformer was
 *       trained to see.
 *   <li>Nothing here speaks to the network. The tokenizer's native library comes from its jar and
 *       is unpacked once, to {@code ~/.djl.ai/tokenizers} (the environment variable {@code
 *       DJL_CACHE_DIR} moves it; where home cannot be written, it is below the temporary folder).
 * </ul>
 */
@NullMarked
package dev.longtake.text;

import org.jspecify.annotations.NullMarked;
