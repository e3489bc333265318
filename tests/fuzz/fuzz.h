/* What the fuzz targets share: a promise that the fuzzer sees when it breaks. */
#ifndef ICHAT_TESTS_FUZZ_FUZZ_H
#define ICHAT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
