/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the share of a town hall holds: services, their folders, and what lies in them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "drill/rng.h"
#include "drill/town.h"
#include "drill/words.h"

#define COUNT(table) ((uint32_t)(sizeof(table) / sizeof *(table)))

/* One service: its folders, and the agent who owns most of it. */
static const struct service {
    const char *name;
    const char *folders[6];
} services[] = {
    {"Secrétariat général", {"Courrier arrivé", "Courrier départ", "Arrêtés du maire", "Modèles", "Agenda"}},
    {"Urbanisme", {"Permis de construire", "Plan local d'urbanisme", "Déclarations préalables", "Cadastre"}},
    {"État civil",
     {"Naissances", "Mariages", "Décès", "Élections/Listes électorales", "Cimetière/Concessions"}},
    {"CCAS",
     {"Aides facultatives", "Portage de repas", "Résidence autonomie/Plannings d'été", "Noël des aînés"}},
    {"Finances",
     {"Budget primitif", "Mandats", "Régies/Cantine", "Subventions aux associations", "Emprunts"}},
    {"Marchés publics",
     {"Travaux/Réfection de l'école Jules-Ferry/Pièces du marché/Annexes", "Fournitures", "Appels d'offres",
      "Travaux/Voirie et réseaux/Procès-verbaux de réception"}},
    {"Conseil municipal",
     {"Délibérations", "Comptes rendus", "Convocations", "Commissions/Développement durable"}},
    {"Communication",
     {"Photos/Fête de la Saint-Éloi", "Photos/Inauguration de la médiathèque", "Bulletin", "Site"}},
    {"Services techniques", {"Astreintes", "Bâtiments/Chaufferies", "Espaces verts", "Véhicules", "Plans"}},
    {"Écoles", {"Inscriptions", "Cantine", "Périscolaire/Été", "Conseils d'école"}},
    {"Ressources humaines", {"Paies", "Congés", "Formation", "Entretiens annuels"}},
    {"Police municipale", {"Mains courantes", "Objets trouvés", "Stationnement"}},
};

static const char *const text_subjects[] = {
    "Compte rendu de réunion", "Délibération",       "Courrier à la préfecture",
    "Arrêté de circulation",   "Note de service",    "Convention",
    "Devis de l'entreprise",   "Rapport d'activité", "Procès-verbal",
    "Réponse à l'usager",      "Attestation",        "Fiche de procédure",
};
static const char *const table_subjects[] = {
    "Suivi des dépenses", "Liste des bénéficiaires",
    "Planning d'été",     "Inventaire",
    "État des présences", "Tarifs",
    "Relevé d'eau",       "Échéancier",
};
static const char *const image_subjects[] = {"Fête d'été",     "Chantier de l'école", "Vœux du maire",
                                             "Marché de Noël", "Plan de masse",       "Façade de la mairie"};

/* How many files of each kind, and between which sizes. Together 1 996; the four that are left are the empty
 * file, the large one, and two hard links. */
static const struct share {
    enum town_kind kind;
    const char *suffix;
    unsigned count;
    uint32_t least, most;
    const char *const *subjects;
    uint32_t subject_count;
} shares[] = {
    {TOWN_TXT, "txt", 260, 400, 20000, text_subjects, COUNT(text_subjects)},
    {TOWN_CSV, "csv", 160, 2000, 150000, table_subjects, COUNT(table_subjects)},
    {TOWN_ODT, "odt", 260, 8000, 90000, text_subjects, COUNT(text_subjects)},
    {TOWN_DOCX, "docx", 280, 8000, 120000, text_subjects, COUNT(text_subjects)},
    {TOWN_XLSX, "xlsx", 200, 6000, 50000, table_subjects, COUNT(table_subjects)},
    {TOWN_PDF, "pdf", 400, 20000, 400000, text_subjects, COUNT(text_subjects)},
    {TOWN_JPG, "jpg", 290, 90000, 830000, image_subjects, COUNT(image_subjects)},
    {TOWN_PNG, "png", 70, 40000, 200000, image_subjects, COUNT(image_subjects)},
    {TOWN_MBOX, "mbox", 20, 100000, 900000, table_subjects, COUNT(table_subjects)},
    {TOWN_SQLITE, "sqlite", 16, 60000, 800000, table_subjects, COUNT(table_subjects)},
    {TOWN_ZIP, "zip", 40, 100000, 700000, table_subjects, COUNT(table_subjects)},
};

#define BIG_BYTES     (100u * 1000 * 1000)
#define VILLAGE_SHARE 10 /* a village has one file where a town has so many */

static int has_path(const struct town *t, const char *path)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->files[i].path, path) == 0)
            return 1;
    return 0;
}

/* Notes the folder of `path` and its parents, parents first. */
static void add_folders(struct town *t, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - path), i = 0;
        while (i < t->folder_count &&
               (strncmp(t->folders[i], path, length) != 0 || t->folders[i][length] != 0))
            i++;
        if (i < t->folder_count)
            continue;
        t->folders = mem_resize(t->folders, t->folder_count + 1, sizeof *t->folders);
        t->folders[t->folder_count++] = mem_printf("%.*s", (int)length, path);
    }
}

static struct town_file *add_file(struct town *t, char *path, enum town_kind kind, struct rng *r)
{
    add_folders(t, path);
    t->files = mem_resize(t->files, t->count + 1, sizeof *t->files);
    struct town_file *f = &t->files[t->count++];
    *f = (struct town_file){.path = path, .kind = kind, .mode = 0664, .uid = TOWN_UID_FIRST, .gid = TOWN_GID};
    /* Between 2012-01-01 and 2022-09-23, to the nanosecond. */
    f->mtime_ns =
        (INT64_C(1325376000) + rng_between(r, 0, 338500000)) * NS_PER_SECOND + rng_between(r, 0, 999999999);
    return f;
}

static char *make_path(struct rng *r, uint32_t service, const struct share *s, unsigned copy)
{
    const struct service *at = &services[service];
    uint32_t folders = 0;
    while (folders < COUNT(at->folders) && at->folders[folders])
        folders++;
    const char *folder = at->folders[rng_between(r, 0, folders - 1)];
    const char *subject = s->subjects[rng_between(r, 0, s->subject_count - 1)];
    uint32_t year = rng_between(r, 2016, 2022), month = rng_between(r, 0, 11);
    char again[16] = "";
    if (copy > 0)
        snprintf(again, sizeof again, " (%u)", copy + 1);
    switch (rng_between(r, 0, 3)) {
    case 0:
        return mem_printf("%s/%s/%u/%s du %u %s %u%s.%s", at->name, folder, year, subject,
                          rng_between(r, 1, 28), words_month(month), year, again, s->suffix);
    case 1:
        return mem_printf("%s/%s/%s n° %u-%03u%s.%s", at->name, folder, subject, year, rng_between(r, 1, 180),
                          again, s->suffix);
    case 2:
        return mem_printf("%s/%s/%u/%s_%u-%02u_%s%s.%s", at->name, folder, year, subject, year, month + 1,
                          words_last_name(r), again, s->suffix);
    default:
        return mem_printf("%s/%s/%s - %s %s%s.%s", at->name, folder, subject, words_first_name(r),
                          words_last_name(r), again, s->suffix);
    }
}

static void plan_share(struct town *t, struct rng *r, const struct share *s)
{
    for (unsigned n = 0; n < (t->village ? s->count / VILLAGE_SHARE : s->count); n++) {
        uint32_t service = rng_between(r, 0, COUNT(services) - 1);
        char *path = NULL;
        for (unsigned copy = 0; !path || has_path(t, path); copy++) {
            free(path);
            path = make_path(r, service, s, copy);
        }
        struct town_file *f = add_file(t, path, s->kind, r);
        /* Small files are common, large ones rare: the square of an even draw. */
        uint64_t draw = rng_between(r, 0, 1000);
        f->size = s->least + (uint32_t)((s->most - s->least) * draw * draw / 1000000);
        f->uid = TOWN_UID_FIRST + service;
        f->tagged = rng_chance(r, 2);
        f->acl = rng_chance(r, 2);
        if (rng_chance(r, 3))
            f->mode = rng_chance(r, 50) ? 0660 : 0640;
    }
}

/* Short-lived cousins of qsort's comparator: paths in the order of their bytes. */
static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct town_file *)a)->path, ((const struct town_file *)b)->path);
}

static void add_links(struct town *t, struct rng *r)
{
    static const char *const links[][2] = {
        {"Secrétariat général/Modèles/Courrier type (partagé).odt", ".odt"},
        {"Conseil municipal/Délibérations/Dernière délibération.pdf", ".pdf"},
    };
    static const char *const symlinks[][2] = {
        {"Secrétariat général/Délibérations", "../Conseil municipal/Délibérations"},
        {"Communication/Photos/Dernière fête", "Fête de la Saint-Éloi"},
        {"Finances/Ancien serveur", "/srv/ancien-serveur/Finances"},
    };
    size_t files = t->count;
    for (size_t i = 0; i < COUNT(links); i++) {
        size_t of = rng_between(r, 0, (uint32_t)files - 1);
        while (!strstr(t->files[of].path, links[i][1]))
            of = (of + 1) % files;
        struct town_file *f = add_file(t, mem_strdup(links[i][0]), TOWN_HARD_LINK, r);
        f->of = of;
    }
    for (size_t i = 0; i < COUNT(symlinks); i++)
        add_file(t, mem_strdup(symlinks[i][0]), TOWN_SYMLINK, r)->target = mem_strdup(symlinks[i][1]);
}

struct town *town_plan(uint64_t seed, bool village)
{
    struct town *t = mem_zalloc(1, sizeof *t);
    struct rng r = rng_make(seed, 0);
    t->seed = seed;
    t->village = village;
    for (size_t i = 0; i < COUNT(shares); i++)
        plan_share(t, &r, &shares[i]);
    add_file(t, mem_strdup("Secrétariat général/Agenda/à compléter.txt"), TOWN_EMPTY, &r);
    add_file(t, mem_strdup("Communication/Photos/Archives 2012-2022.zip"), TOWN_BIG_ZIP, &r)->size =
        village ? BIG_BYTES / VILLAGE_SHARE : BIG_BYTES;
    qsort(t->files, t->count, sizeof *t->files, by_path);
    add_links(t, &r);
    add_folders(t, TOWN_COLLEAGUE_FOLDER "/");
    return t;
}

void town_free(struct town *town)
{
    if (!town)
        return;
    for (size_t i = 0; i < town->count; i++) {
        free(town->files[i].path);
        free(town->files[i].target);
    }
    for (size_t i = 0; i < town->folder_count; i++)
        free(town->folders[i]);
    free(town->files);
    free(town->folders);
    free(town);
}
