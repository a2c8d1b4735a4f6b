/*
 * Intrusive doubly linked list: a ring through its head. Insertion order is
 * iteration order, so what is iterated never depends on addresses.
 */
#ifndef AURPD_LIST_H
#define AURPD_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline size_t list_count(const struct list *head)
{
	size_t n = 0;

	for (const struct list *it = head->next; it != head; it = it->next)
		n++;
	return n;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_append(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

/* it: struct list *; the body must not remove it. */
#define list_for_each(it, head) for ((it) = (head)->next; (it) != (head); (it) = (it)->next)

/* The body may remove `it`, and nothing else. */
#define list_for_each_safe(it, after, head) \
	for ((it) = (head)->next, (after) = (it)->next; (it) != (head); \
		(it) = (after), (after) = (it)->next)

#endif
