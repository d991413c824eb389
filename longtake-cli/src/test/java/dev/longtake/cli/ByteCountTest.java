package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes as people say them. */
class ByteCountTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0 bytes",
    "999, 999 bytes",
    "1000, 1.00 kB",
    "12345, 12.3 kB",
    "508000000, 508 MB",
    "999600000, 1.00 GB",
    "5676070424, 5.68 GB",
    "11361920418, 11.4 GB",
    "9223372036854775807, 9223372 TB"
  })
  void haveThreeDigitsAndAUnit(long bytes, String words) {
    assertThat(ByteCount.words(bytes)).isEqualTo(words);
  }

  @ParameterizedTest
  @CsvSource({
    "5GB, 5000000000",
    "1.5 MB, 1500000",
    "200kB, 200000",
    "1KB, 1000",
    "2TB, 2000000000000"
  })
  void areReadWithTheirUnit(String text, long bytes) {
    assertThat(ByteCount.parse("--size", text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "GB", "-1GB", "5 XB", "0.0001kB", "1e3MB", "٣GB"})
  void areNotGuessed(String text) {
    assertThatThrownBy(() -> ByteCount.parse("--size", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("--size is '" + text + "'", "5GB");
  }
}
