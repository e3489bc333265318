/* Field rules with the contract's texts. */
#include "chat/validate.h"

#include "base/text.h"

#define URL_PREFIXES                                                                                                   \
    {                                                                                                                  \
        "http://", "https://", "file/"                                                                                 \
    }

static void begin(struct text *texts, const char *field)
{
    if (texts->len)
        text_add(texts, ",");
    text_add(texts, field);
}

static void add_required(struct text *texts, const char *field)
{
    begin(texts, field);
    text_add(texts, "为必填字段");
}

void validate_text(struct text *texts, const char *field, const char *value, bool is_required, size_t min, size_t max)
{
    if (!*value) {
        if (is_required)
            add_required(texts, field);
        return;
    }
    size_t count = utf8_count(value);
    if (count < min) {
        begin(texts, field);
        text_addf(texts, "长度必须至少为%zu个字符", min);
    } else if (max && count > max) {
        begin(texts, field);
        text_addf(texts, "长度不能超过%zu个字符", max);
    }
}

void validate_url(struct text *texts, const char *field, const char *value, bool is_required)
{
    static const char *const prefixes[] = URL_PREFIXES;
    if (!*value) {
        if (is_required)
            add_required(texts, field);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (text_has_prefix(value, prefixes[i]))
            return;
    begin(texts, field);
    text_add(texts, "必须是一个有效的URL");
}

void validate_required_id(struct text *texts, const char *field, uint64_t value)
{
    if (value == 0)
        add_required(texts, field);
}

void validate_number(struct text *texts, const char *field, uint64_t value, bool is_required, uint64_t min,
                     uint64_t max)
{
    if (value == 0) {
        if (is_required)
            add_required(texts, field);
        return;
    }
    if (value < min) {
        begin(texts, field);
        text_addf(texts, "最小只能为%llu", (unsigned long long)min);
    } else if (value > max) {
        begin(texts, field);
        text_addf(texts, "必须小于或等于%llu", (unsigned long long)max);
    }
}

void validate_count(struct text *texts, const char *field, size_t count, size_t min, size_t max)
{
    if (count < min) {
        begin(texts, field);
        text_addf(texts, "必须至少包含%zu项", min);
    } else if (count > max) {
        begin(texts, field);
        text_addf(texts, "最多只能包含%zu项", max);
    }
}
