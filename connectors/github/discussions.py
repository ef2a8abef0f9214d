"""GitHub's discussions, which only its GraphQL API shows: each with all its comments and their replies."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from connectors.contract import CredentialsError, SchemaDrift, SourceError
from connectors.github import posts
from connectors.github.api import GitHubApi, drifted
from connectors.http_api import NotThere
from connectors.listing import come_down
from connectors.transport import excerpt

_ACCOUNT = """
fragment account on Actor {
  __typename login avatarUrl
  ... on User { databaseId name createdAt followers { totalCount } }
  ... on Organization { databaseId name }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
}"""
_POST = """
  id url body createdAt lastEditedAt upvoteCount author { ...account }
  reactionGroups { content reactors { totalCount } }"""
_REPLY = f"databaseId deletedAt {_POST}"
_PAGE = "totalCount pageInfo { hasNextPage endCursor }"
# One page costs about 13 points of the 5,000 an hour: (1 + 25 + 25 x 50) connections / 100.
_COMMENT = f"{_REPLY} replies(first: 30, after: $replies) {{ {_PAGE} nodes {{ {_REPLY} }} }}"
_DISCUSSION = f"""
  number title updatedAt {_POST}
  comments(first: 50, after: $comments) {{ {_PAGE} nodes {{ {_COMMENT} }} }}"""

_LIST = f"""
query($owner: String!, $name: String!, $after: String, $comments: String, $replies: String) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{
    discussions(first: 25, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      {_PAGE} nodes {{ {_DISCUSSION} }}
    }}
  }}
}}{_ACCOUNT}"""
_ONE = f"""
query($owner: String!, $name: String!, $number: Int!, $comments: String, $replies: String) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{ discussion(number: $number) {{ {_DISCUSSION} }} }}
}}{_ACCOUNT}"""
_MORE_REPLIES = f"""
query($id: ID!, $replies: String) {{
  rateLimit {{ cost }}
  node(id: $id) {{
    ... on DiscussionComment {{ {_COMMENT} discussion {{ number url author {{ ...account }} }} }}
  }}
}}{_ACCOUNT}"""


class Answer(NamedTuple):
    """An answer and the posts in it."""

    body: dict[str, Any]
    items: list[Any]
    units: int
    left_out: str | None
    """What GitHub says of parts that it left out, where it did."""


class Discussions:
    """The discussions of one repository."""

    def __init__(self, client: GitHubApi, repository: str) -> None:
        if not client.has_token:
            raise CredentialsError(
                f"GitHub shows the discussions of {repository} only with a token; give the source one, or set "
                "discussions = false."
            )
        self._client = client
        self.reached = datetime.max
        """Down to which change all discussions have been read, with what stands below them."""
        self._named = dict(zip(("owner", "name"), repository.split("/"), strict=True))

    def changed_since(self, moment: datetime) -> Iterator[Answer]:
        """Discussions that changed since then, newest change first, with all that stands below them.

        A new comment or reply counts as a change of its discussion.
        """
        cursor: str | None = None
        asked: set[str | None] = set()
        while cursor not in asked:
            asked.add(cursor)
            body = self._client.graphql(_LIST, {**self._named, "after": cursor})
            found = posts.as_object(posts.as_object(body["data"].get("repository")).get("discussions"))
            nodes = _nodes(found, body)
            yield _answer(body)
            for node in nodes:
                yield from self._below(node)
            self.reached = come_down(self.reached, [posts.changed_at(node) for node in nodes])
            cursor = _following(found) if self.reached >= moment else None
            if cursor is None:
                return
        raise SchemaDrift("GitHub's pages of discussions go round in circles.")

    def whole(self, number: int) -> Iterator[Answer]:
        """One discussion with all that stands below it; `NotThere` where it is gone."""
        body = self._client.graphql(_ONE, {**self._named, "number": number})
        node = posts.as_object(body["data"].get("repository")).get("discussion")
        if node is None:
            errors = [error for error in body.get("errors") or () if isinstance(error, dict)]
            if errors and all(error.get("type") != "NOT_FOUND" for error in errors):
                raise SourceError(f"GitHub could not show discussion {number}: {_answer(body).left_out}.")
            raise NotThere(f"GitHub has no discussion {number} there any more.")
        yield _answer(body)
        yield from self._below(node)

    def _below(self, discussion: Any) -> Iterator[Answer]:
        """Further pages of comments and of replies, where the first do not hold them all."""
        discussion = posts.as_object(discussion)
        comments = posts.as_object(discussion.get("comments"))
        asked = set()
        while True:
            for comment in _nodes(comments, discussion):
                yield from self._replies(posts.as_object(comment))
            following = _following(comments)
            if following is None:
                return
            if following in asked:
                raise SchemaDrift("GitHub's pages of comments go round in circles.")
            asked.add(following)
            body = self._client.graphql(
                _ONE, {**self._named, "number": discussion.get("number"), "comments": following}
            )
            comments = posts.as_object(
                posts.as_object(posts.as_object(body["data"].get("repository")).get("discussion")).get("comments")
            )
            yield _answer(body)

    def _replies(self, comment: dict[str, Any]) -> Iterator[Answer]:
        replies = posts.as_object(comment.get("replies"))
        asked = set()
        while (following := _following(replies)) is not None:
            if following in asked:
                raise SchemaDrift("GitHub's pages of replies go round in circles.")
            asked.add(following)
            body = self._client.graphql(_MORE_REPLIES, {"id": comment.get("id"), "replies": following})
            replies = posts.as_object(posts.as_object(body["data"].get("node")).get("replies"))
            yield _answer(body)


def _answer(body: dict[str, Any]) -> Answer:
    cost = posts.as_object(body["data"].get("rateLimit")).get("cost")
    errors = [error for error in body.get("errors") or () if isinstance(error, dict)]
    said = excerpt("; ".join(str(error.get("message")) for error in errors), 300) if errors else None
    return Answer(body, posts.items(body), cost if isinstance(cost, int) else 1, said)


def _nodes(connection: dict[str, Any], body: Any) -> list[Any]:
    nodes = connection.get("nodes")
    if not isinstance(nodes, list):
        raise drifted("graphql", body, "a list of discussions")
    return [node for node in nodes if node is not None]


def _following(connection: dict[str, Any]) -> str | None:
    """Where the next page begins. GraphQL always says whether there is one, but for a list that it left out."""
    if not connection:
        return None
    page = posts.as_object(connection.get("pageInfo"))
    cursor = page.get("endCursor")
    if page.get("hasNextPage") is True and isinstance(cursor, str) and cursor:
        return cursor
    if page.get("hasNextPage") is not False:
        raise drifted("graphql", connection.get("pageInfo"), "what says whether there is more")
    return None
