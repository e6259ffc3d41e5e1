/* SPDX-License-Identifier: GPL-3.0-or-later
 * S3: what a location and its options mean, where keys come from, and what a server says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "blob/s3_keys.h"
#include "blob/s3_place.h"
#include "blob/s3_xml.h"
#include "blob/settings.h"

static void set(const char *const *options, size_t count)
{
    const struct blob_settings settings = {.options = options, .option_count = count};
    assert_int_equal(blob_settings_set(&settings), 0);
}

static void assert_place(const char *rest, const char *base, const char *prefix, const char *region)
{
    struct s3_place place;
    assert_int_equal(s3_place_parse(rest, &place), 0);
    assert_string_equal(place.base, base);
    assert_string_equal(place.prefix, prefix);
    assert_string_equal(place.region, region);
    s3_place_free(&place);
}

static void places_are_restics(void **state)
{
    (void)state;
    unsetenv("AWS_DEFAULT_REGION");
    unsetenv("AWS_REGION");
    set(NULL, 0);
    assert_place("host/bucket", "https://host/bucket", "", "us-east-1");
    assert_place("//host/bucket/", "https://host/bucket", "", "us-east-1");
    assert_place("http://host:9000/bucket//a/b/", "http://host:9000/bucket", "a/b/", "us-east-1");
    assert_place("https://host/bucket/a", "https://host/bucket", "a/", "us-east-1");
    assert_place("s3.eu-west-3.amazonaws.com/town/x", "https://town.s3.eu-west-3.amazonaws.com", "x/",
                 "eu-west-3");
    assert_place("s3.amazonaws.com/to.wn", "https://s3.amazonaws.com/to.wn", "", "us-east-1");
    set((const char *const[]){"s3.bucket-lookup=dns", "s3.region=fr"}, 2);
    assert_place("host/bucket/a", "https://bucket.host", "a/", "fr");
    set((const char *const[]){"s3.bucket-lookup=path"}, 1);
    setenv("AWS_DEFAULT_REGION", "north", 1);
    assert_place("s3.amazonaws.com/town", "https://s3.amazonaws.com/town", "", "north");
    unsetenv("AWS_DEFAULT_REGION");
    set(NULL, 0);
}

static void what_is_no_place_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",           "host",         "host/",    "/bucket",      "http:///bucket", "host/a/../b",
        "host/a/./b", "ho st/bucket", "host/b?x", "u@host/bucket"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct s3_place place;
        assert_int_equal(s3_place_parse(wrong[i], &place), ERR_INVALID);
        s3_place_free(&place);
    }
}

static void locks_have_a_mode_and_a_length(void **state)
{
    static const char *const wrong[] = {"", "30", "legal:30d", "governance", "1s", "99999d", "-3d", "30d "};
    struct s3_lock lock;
    (void)state;
    assert_int_equal(s3_lock_parse("30d", &lock), 0);
    assert_string_equal(lock.mode, "COMPLIANCE");
    assert_int_equal(lock.duration_ns, 30 * 86400 * NS_PER_SECOND);
    assert_int_equal(s3_lock_parse("governance:2h", &lock), 0);
    assert_string_equal(lock.mode, "GOVERNANCE");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(s3_lock_parse(wrong[i], &lock), ERR_INVALID);
        assert_null(lock.mode);
    }
}

static void keys_are_those_of_the_profile(void **state)
{
    char file[] = "# ours\n[default]\naws_access_key_id = one\n\n[ town ]\r\n aws_secret_access_key=a=b\n"
                  ";aws_access_key_id = no\naws_access_key_id\t=two \naws_session_token = t\n[x]\n"
                  "aws_access_key_id = three";
    struct s3_keys keys = {0};
    (void)state;
    s3_keys_read(file, "town", &keys);
    assert_string_equal(keys.access, "two");
    assert_string_equal(keys.secret, "a=b");
    assert_string_equal(keys.token, "t");
    s3_keys_free(&keys);
}

static int count_entry(void *context, const struct s3_entry *entry)
{
    char *seen = context;
    strcat(seen, entry->is_marker ? "-" : "+");
    strcat(seen, entry->key);
    return 0;
}

static int read_list(const char *text, char *seen, struct s3_page *next)
{
    seen[0] = '\0';
    return s3_xml_list(text, strlen(text), count_entry, seen, next);
}

static void lists_are_read(void **state)
{
    char seen[256];
    struct s3_page next;
    (void)state;
    assert_int_equal(
        read_list("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3/\"><Name>b</Name>"
                  "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>"
                  "<Contents><Key>x/<![CDATA[y]]></Key><Size>7</Size></Contents></ListBucketResult>",
                  seen, &next),
        0);
    assert_string_equal(seen, "+x/y");
    assert_string_equal(next.token, "a&b");
    assert_int_equal(
        read_list("<ListVersionsResult><Version><Key>k</Key><VersionId>1</VersionId><Size>1</Size>"
                  "</Version><DeleteMarker><Key>k</Key><VersionId>2</VersionId></DeleteMarker>"
                  "</ListVersionsResult>",
                  seen, &next),
        0);
    assert_string_equal(seen, "+k-k");
    assert_string_equal(next.key_marker, "");
}

static void bad_lists_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "no",
        "<Error><Code>x</Code></Error>",
        "<ListBucketResult>",
        "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key></Key><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<!DOCTYPE l [<!ENTITY a \"b\">]><ListBucketResult/>",
    };
    char seen[256];
    struct s3_page next;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(read_list(wrong[i], seen, &next), ERR_CORRUPT);
}

static void errors_are_told_without_control_characters(void **state)
{
    static const char text[] = "<Error><Code>No\xc2\x9bSuchKey</Code><Message>gone\xc2\x9b[2J</Message>";
    char code[128], message[256];
    (void)state;
    s3_xml_error(text, sizeof text - 1, code, message);
    assert_string_equal(code, "NoSuchKey");
    assert_string_equal(message, "gone[2J");
    s3_xml_error("<html>", 6, code, message);
    assert_string_equal(code, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_restics),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(locks_have_a_mode_and_a_length),
        cmocka_unit_test(keys_are_those_of_the_profile),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(bad_lists_are_refused),
        cmocka_unit_test(errors_are_told_without_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
