/* Loading values by libcyaml, with a schema made from the table of keys. The main thread. */
#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_keys.h"
#include "base/mem.h"

/* libcyaml's allocator interface: size 0 frees. */
static void *cyaml_alloc(void *ctx, void *old, size_t size)
{
    (void)ctx;
    if (size > 0)
        return mem_realloc(old, size);
    free(old);
    return NULL;
}

/* Keeps libcyaml's first message; the others are its way up the schema. */
PRINTF_LIKE(3, 0) static void on_cyaml_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    char *message = ctx;
    if (level >= CYAML_LOG_ERROR && !*message)
        vsnprintf(message, CONF_ERROR_MAX, fmt, args);
}

struct schema {
    cyaml_schema_value_t item; /* of lists */
    cyaml_schema_value_t root;
    char names[CONF_KEYS_MAX][24]; /* of sections */
    cyaml_schema_field_t sections[CONF_KEYS_MAX + 1];
    cyaml_schema_field_t fields[2 * CONF_KEYS_MAX + 1]; /* each section's run ends with an empty one */
};

static cyaml_schema_field_t field_of(const struct conf_key *key, const struct schema *schema)
{
    cyaml_schema_field_t field = {.key = key->path + conf_key_section_len(key) + 1,
                                  .data_offset = (uint32_t)key->offset};
    cyaml_schema_value_t *value = &field.value;
    value->flags = CYAML_FLAG_OPTIONAL;
    switch (key->type) {
    case CONF_UINT:
        value->type = CYAML_UINT;
        value->data_size = sizeof(uint32_t);
        break;
    case CONF_BOOL:
        value->type = CYAML_BOOL;
        value->data_size = sizeof(bool);
        break;
    case CONF_STRING:
        value->type = CYAML_STRING;
        value->flags |= CYAML_FLAG_POINTER_NULL_STR;
        value->data_size = sizeof(char);
        value->string.max = CYAML_UNLIMITED;
        break;
    case CONF_LIST:
        value->type = CYAML_SEQUENCE;
        value->flags |= CYAML_FLAG_POINTER_NULL_STR;
        value->data_size = sizeof(char *);
        value->sequence.entry = &schema->item;
        value->sequence.max = key->max;
        field.data_offset += (uint32_t)offsetof(struct conf_list, items);
        field.count_offset = (uint32_t)(key->offset + offsetof(struct conf_list, count));
        field.count_size = sizeof(((struct conf_list *)NULL)->count);
        break;
    }
    return field;
}

/* Sections are mappings at offset 0, so that the keys' offsets in struct conf serve as they are. */
static void build_schema(struct schema *schema)
{
    *schema = (struct schema){0};
    schema->item = (cyaml_schema_value_t){
        CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
    };
    schema->root = (cyaml_schema_value_t){
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct conf, schema->sections),
    };
    size_t sections = 0, fields = 0;
    const char *previous = NULL;
    size_t previous_len = 0;
    for (size_t i = 0; i < conf_key_count(); i++) {
        const struct conf_key *key = conf_key_at(i);
        size_t len = conf_key_section_len(key);
        if (!previous || len != previous_len || memcmp(previous, key->path, len) != 0) {
            fields += previous != NULL; /* leaves the empty one */
            cyaml_schema_field_t *section = &schema->sections[sections];
            memcpy(schema->names[sections], key->path, len);
            section->key = schema->names[sections++];
            section->value.type = CYAML_MAPPING;
            section->value.flags = CYAML_FLAG_OPTIONAL;
            section->value.data_size = sizeof(struct conf);
            section->value.mapping.fields = &schema->fields[fields];
            previous = key->path;
            previous_len = len;
        }
        schema->fields[fields++] = field_of(key, schema);
    }
}

enum err conf_load_yaml(const char *file, const char *text, size_t len, struct conf **out, char error[CONF_ERROR_MAX])
{
    char message[CONF_ERROR_MAX] = "";
    struct conf *conf = NULL;
    struct schema *schema = mem_calloc(1, sizeof(*schema));
    build_schema(schema);
    cyaml_config_t config = {
        .log_fn = on_cyaml_log,
        .log_ctx = message,
        .mem_fn = cyaml_alloc,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    cyaml_err_t rc = cyaml_load_data((const uint8_t *)text, len, &config, &schema->root, (cyaml_data_t **)&conf, NULL);
    free(schema);
    if (rc != CYAML_OK) {
        message[strcspn(message, "\n")] = '\0';
        snprintf(error, CONF_ERROR_MAX, "%.200s: %s: %.200s", file, cyaml_strerror(rc), message);
        return ERR_INVALID;
    }
    *out = conf ? conf : mem_calloc(1, sizeof(*conf));
    return ERR_OK;
}
