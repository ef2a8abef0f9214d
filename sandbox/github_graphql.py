"""GitHub's GraphQL API, as far as discussions need it. The schema holds a part of GitHub's, under the same names."""

import base64
import binascii
from typing import Any

from graphql import build_schema, graphql_sync

from sandbox.community import Post
from sandbox.github_things import GitHub, account_id, crlf, iso

_SCHEMA = build_schema(
    """
    scalar DateTime
    scalar URI
    enum DiscussionOrderField { CREATED_AT UPDATED_AT }
    enum OrderDirection { ASC DESC }
    enum ReactionContent { THUMBS_UP THUMBS_DOWN LAUGH HOORAY CONFUSED HEART ROCKET EYES }
    input DiscussionOrder { field: DiscussionOrderField! direction: OrderDirection! }
    type RateLimit { cost: Int! limit: Int! remaining: Int! resetAt: DateTime! }
    type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
    type FollowerConnection { totalCount: Int! }
    type ReactorConnection { totalCount: Int! }
    type ReactionGroup { content: ReactionContent! reactors: ReactorConnection! }
    interface Actor { login: String! avatarUrl: URI! url: URI! }
    type User implements Actor {
      login: String! avatarUrl: URI! url: URI! databaseId: Int name: String createdAt: DateTime!
      followers: FollowerConnection!
    }
    type Bot implements Actor { login: String! avatarUrl: URI! url: URI! databaseId: Int }
    type Organization implements Actor { login: String! avatarUrl: URI! url: URI! databaseId: Int name: String }
    type Mannequin implements Actor { login: String! avatarUrl: URI! url: URI! databaseId: Int }
    interface Node { id: ID! }
    type DiscussionComment implements Node {
      id: ID! databaseId: Int url: URI! body: String! createdAt: DateTime! lastEditedAt: DateTime deletedAt: DateTime
      upvoteCount: Int! isAnswer: Boolean! author: Actor reactionGroups: [ReactionGroup!] discussion: Discussion
      replies(first: Int, after: String): DiscussionCommentConnection!
    }
    type DiscussionCommentConnection { totalCount: Int! pageInfo: PageInfo! nodes: [DiscussionComment] }
    type Discussion implements Node {
      id: ID! number: Int! url: URI! title: String! body: String! createdAt: DateTime! updatedAt: DateTime!
      lastEditedAt: DateTime upvoteCount: Int! author: Actor reactionGroups: [ReactionGroup!]
      comments(first: Int, after: String): DiscussionCommentConnection!
    }
    type DiscussionConnection { totalCount: Int! pageInfo: PageInfo! nodes: [Discussion] }
    type Repository implements Node {
      id: ID! name: String! discussion(number: Int!): Discussion
      discussions(first: Int, after: String, orderBy: DiscussionOrder): DiscussionConnection!
    }
    type Query {
      rateLimit: RateLimit
      repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
      node(id: ID!): Node
    }
    """
)
_CONTENTS = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "hooray": "HOORAY",
    "confused": "CONFUSED",
    "heart": "HEART",
    "rocket": "ROCKET",
    "eyes": "EYES",
}


class _NotFoundError(Exception):
    """What isn't there is null, and an error says so."""


def answer(github: GitHub, asked: Any, remaining: int) -> dict[str, Any]:
    """What a POST with a query and variables answers."""
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        return {"errors": [{"message": "A query attribute must be specified and must be a string."}]}
    root = {
        "rateLimit": {"cost": 1, "limit": 5000, "remaining": remaining, "resetAt": iso(github.world.now)},
        "repository": lambda _, owner, name, **__: _repository(github, f"{owner}/{name}"),
        "node": lambda _, id: _node(github, id),  # noqa: A006 - GitHub's name for it
    }
    found = graphql_sync(_SCHEMA, asked["query"], root, variable_values=asked.get("variables") or {})
    said: dict[str, Any] = {} if found.data is None and found.errors else {"data": found.data}
    if found.errors:
        said["errors"] = [
            {
                **({"type": "NOT_FOUND"} if isinstance(error.original_error, _NotFoundError) else {}),
                **({"path": error.path} if error.path else {}),
                "message": error.message,
            }
            for error in found.errors
        ]
    return said


def _repository(github: GitHub, name: str) -> dict[str, Any]:
    repository = github.repository(name)
    if repository is None:
        raise _NotFoundError(f"Could not resolve to a Repository with the name '{name}'.")

    def discussion(_: Any, number: int) -> dict[str, Any]:
        found = github.opening(repository, number, "discussion")
        if found is None or not github.world.is_visible(found):
            raise _NotFoundError(f"Could not resolve to a Discussion with the number of {number}.")
        return _discussion(github, found)

    def discussions(_: Any, first: int = 25, after: str | None = None, **__: Any) -> dict[str, Any]:
        newest = sorted(github.openings(repository, "discussion"), key=github.updated_at, reverse=True)
        return _connection([_discussion(github, post) for post in newest], first, after)

    return {"id": "R_1", "name": repository.partition("/")[2], "discussion": discussion, "discussions": discussions}


def _node(github: GitHub, node_id: str) -> dict[str, Any]:
    post = github.community.by_id.get(node_id.partition("_")[2])
    if post is None or not github.is_there(post):
        raise _NotFoundError(f"Could not resolve to a node with the global id of '{node_id}'")
    return _comment(github, post) if post.to else _discussion(github, post)


def _discussion(github: GitHub, post: Post) -> dict[str, Any]:
    direct = [reply for reply in github.community.answers[post.id] if _is_shown(github, reply)]
    return {
        "__typename": "Discussion",
        **_post(github, post),
        "number": github.numbers[post.id],
        "title": post.title,
        "updatedAt": iso(github.updated_at(post)),
        "comments": lambda _, first=50, after=None: _connection(
            [_comment(github, each) for each in direct], first, after
        ),
    }


def _comment(github: GitHub, post: Post) -> dict[str, Any]:
    """A comment. One that was deleted keeps its place while somebody has replied to it. There are two levels only:
    what answers a reply stands beside it.
    """
    replies = [reply for reply in _below(github, post) if github.is_there(reply)] if _is_top(github, post) else []
    gone = post.deleted_at if post.is_deleted(github.world.now) else None
    shown = _post(github, post)
    return {
        "__typename": "DiscussionComment",
        **(shown | {"body": "", "author": None, "deletedAt": iso(gone)} if gone else shown),
        "databaseId": int(post.id, 36),
        "isAnswer": bool(post.more.get("answer")),
        "discussion": lambda _: _discussion(github, github.community.root(post)),
        "replies": lambda _, first=50, after=None: _connection(
            [_comment(github, each) for each in replies], first, after
        ),
    }


def _is_shown(github: GitHub, post: Post) -> bool:
    return github.is_there(post) or (
        github.world.exists(post) and any(github.is_there(reply) for reply in _below(github, post))
    )


def _is_top(github: GitHub, post: Post) -> bool:
    return post.to is not None and github.community.by_id[post.to].to is None


def _below(github: GitHub, post: Post) -> list[Post]:
    """Everything that hangs below a comment, oldest first."""
    found = [each for reply in github.community.answers[post.id] for each in (reply, *_below(github, reply))]
    return sorted(found, key=lambda each: (each.at, each.id))


def _post(github: GitHub, post: Post) -> dict[str, Any]:
    edited = post.edited.at if post.edited and post.is_edited(github.world.now) else None
    given = github.reactions(post)
    return {
        "id": github.node_id(post),
        "url": github.address(post),
        "body": crlf(post.text_at(github.world.now)) or "",
        "createdAt": iso(post.at),
        "lastEditedAt": iso(edited) if edited else None,
        "deletedAt": None,
        "upvoteCount": max(post.likes, 0),
        "author": _actor(github, post),
        "reactionGroups": [
            {"content": content, "reactors": {"totalCount": given[name]}} for name, content in _CONTENTS.items()
        ],
    }


def _actor(github: GitHub, post: Post) -> dict[str, Any] | None:
    user = github.user(post)
    if user is None:
        return None
    account = github.community.account["github", post.by.lower()]
    return {
        "__typename": user["type"],
        "login": account.handle,
        "avatarUrl": user["avatar_url"],
        "url": user["html_url"],
        "databaseId": account_id(account),
        "name": account.name,
        "createdAt": f"{account.since}T09:00:00Z",
        "followers": {"totalCount": account.followers or 0},
    }


def _connection(nodes: list[dict[str, Any]], first: int, after: str | None) -> dict[str, Any]:
    start = _place(after) if after else 0
    page = nodes[start : start + min(first, 100)]
    end = start + len(page)
    info = {
        "hasNextPage": end < len(nodes),
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(start) if page else None,
        "endCursor": _cursor(end) if page else None,
    }
    return {"totalCount": len(nodes), "pageInfo": info, "nodes": page}


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:v2:{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).rpartition(b":")[2])
    except (ValueError, binascii.Error):
        raise ValueError(f"`{cursor}` does not appear to be a valid cursor.") from None
